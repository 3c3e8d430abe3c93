/** The name of the next file of a disk: `mail.vhd`, `mail.1.vhd`, `mail.2.vhd`. */
import { directoryOf, fileNameOf } from "../../runtime/path.ts";
import type { DeclaredDisk, DeclaredState } from "../schema.ts";
import type { ChainFiles } from "./chain_files.ts";
import { chainOf } from "./find_snapshot.ts";

/** A path beside the disk's file that nothing has. */
export async function childPath(
  disk: DeclaredDisk,
  state: DeclaredState,
  files: ChainFiles,
): Promise<string> {
  const path = disk.path!;
  const directory = directoryOf(path);
  const stem = fileNameOf(path).replace(/\.vhd$/i, "");
  const root = disk.chain === undefined ? stem : stem.replace(/\.\d+$/, "");
  const named = new Set(state.disks.flatMap(filesOfDisk));
  for (let number = 1;; number++) {
    const candidate = `${directory === "/" ? "" : directory}/${root}.${number}.vhd`;
    if (!named.has(candidate) && !await files.exists(candidate)) return candidate;
  }
}

/** Every file that the disk is kept in. */
export function filesOfDisk(disk: DeclaredDisk): string[] {
  const paths = [disk.path, ...chainOf(disk).snapshots.map(({ path }) => path)];
  return paths.filter((path) => path !== undefined);
}
