/** The space that snapshots take. */
import type { DeclaredDisk, DeclaredSnapshot, DeclaredState } from "../schema.ts";
import { chainOf, childrenOf } from "./find_snapshot.ts";

/** Octets of the file system that the file takes; null where that cannot be told. */
export async function spaceOf(path: string): Promise<number | null> {
  try {
    const { blocks, size } = await Deno.stat(path);
    return blocks === null ? size : blocks * 512;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return null;
    if (error instanceof Deno.errors.PermissionDenied) return null;
    throw error;
  }
}

/**
 * What a snapshot takes is what was written since, in the files that lie on its own: deleting it
 * gives back at most that. One on which nothing lies takes its own file.
 */
export async function spaceOfSnapshot(
  state: DeclaredState,
  { path }: DeclaredSnapshot,
): Promise<number | null> {
  const children = childrenOf(state, path);
  const paths = children.length === 0 ? [path] : children
    .filter((child) => child.snapshot === undefined || hasChildren(state, child.path))
    .map((child) => child.path);
  return total(await Promise.all(paths.map(spaceOf)));
}

/** What all snapshots of a disk take. */
export async function spaceOfSnapshots(
  state: DeclaredState,
  disk: DeclaredDisk,
): Promise<number | null> {
  const { snapshots } = chainOf(disk);
  return total(await Promise.all(snapshots.map((each) => spaceOfSnapshot(state, each))));
}

function hasChildren(state: DeclaredState, path: string): boolean {
  return childrenOf(state, path).length > 0;
}

function total(spaces: readonly (number | null)[]): number | null {
  return spaces.reduce((sum, space) => sum === null || space === null ? null : sum + space, 0);
}
