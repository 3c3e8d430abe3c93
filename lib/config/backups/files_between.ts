/** The files that lie above a snapshot's, up to that of a later one. */
import type { DeclaredDisk, DeclaredSnapshot } from "../schema.ts";
import { chainOf } from "../snapshots/find_snapshot.ts";

/** Undefined where the later one is not made of the earlier: the disk was rolled back between. */
export function filesBetween(
  disk: DeclaredDisk,
  earlier: DeclaredSnapshot,
  later: DeclaredSnapshot,
): string[] | undefined {
  const byPath = new Map(chainOf(disk).snapshots.map((each) => [each.path, each]));
  const files: string[] = [];
  for (let at: DeclaredSnapshot | undefined = later; at !== undefined;) {
    if (at === earlier) return files;
    files.push(at.path);
    at = at.parent === undefined ? undefined : byPath.get(at.parent);
  }
  return undefined;
}
