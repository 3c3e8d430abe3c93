/** Which files lie under which. */
import type { DeclaredDisk, DeclaredState } from "../schema.ts";
import { chainOf } from "./find_snapshot.ts";

/** The other disks that need the file: it is one of those under theirs. */
export function othersOver(
  state: DeclaredState,
  disk: DeclaredDisk,
  path: string,
): DeclaredDisk[] {
  const parents = parentsByPath(state);
  return state.disks.filter((each) => each !== disk && filesOf(each, parents).has(path));
}

/** The disks that need the file: it is theirs, or one of those under theirs. */
export function usersOf(state: DeclaredState, path: string): DeclaredDisk[] {
  const parents = parentsByPath(state);
  return state.disks.filter((each) => filesOf(each, parents).has(path));
}

function filesOf(disk: DeclaredDisk, parents: ReadonlyMap<string, string>): Set<string> {
  const files = new Set<string>();
  // One that shows a snapshot has its file, one that was cloned has it under its own.
  let path = disk.path;
  while (path !== undefined && !files.has(path)) {
    files.add(path);
    path = parents.get(path);
  }
  return files;
}

function parentsByPath(state: DeclaredState): Map<string, string> {
  const parents = new Map<string, string>();
  for (const disk of state.disks) {
    const { parent, snapshots } = chainOf(disk);
    if (disk.path !== undefined && parent !== undefined) parents.set(disk.path, parent);
    for (const each of snapshots) {
      if (each.parent !== undefined) parents.set(each.path, each.parent);
    }
  }
  return parents;
}
