/** Which files are a disk's, now that snapshots may have been taken of it. */
import type { DeclaredDisk } from "../schema.ts";

/**
 * Whether the file is one of the disk's. A snapshot is the file that the disk had before, and a
 * document of that time names it.
 */
export function holdsFile(disk: DeclaredDisk, path: string): boolean {
  return filesOf(disk).includes(path);
}

/** Its own, and those under it. */
export function filesOf({ path, chain }: DeclaredDisk): string[] {
  const kept = chain?.snapshots.map((snapshot) => snapshot.path) ?? [];
  return [path, chain?.parent, ...kept].filter((file) => file !== undefined);
}
