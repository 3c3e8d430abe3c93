/** Finds snapshots, and what depends on the files that they are kept in. */
import { ControlError } from "../control_error.ts";
import { noSuchSnapshot } from "./no_such_snapshot.ts";
import type { DeclaredChain, DeclaredDisk, DeclaredSnapshot, DeclaredState } from "../schema.ts";

export interface FoundSnapshot {
  readonly disk: DeclaredDisk;
  readonly chain: DeclaredChain;
  readonly snapshot: DeclaredSnapshot;
}

export const NO_CHAIN: DeclaredChain = { snapshots: [] };

export function chainOf(disk: DeclaredDisk): DeclaredChain {
  return disk.chain ?? NO_CHAIN;
}

export function allSnapshots(state: DeclaredState): FoundSnapshot[] {
  return state.disks.flatMap((disk) =>
    chainOf(disk).snapshots.map((snapshot) => ({ disk, chain: chainOf(disk), snapshot }))
  );
}

export function findSnapshot(state: DeclaredState, name: string): FoundSnapshot {
  const found = allSnapshots(state).find(({ snapshot }) => snapshot.name === name);
  if (found !== undefined) return found;
  throw noSuchSnapshot(name);
}

/** One that is there to stay. */
export function requireKept({ snapshot: { name, deleting } }: FoundSnapshot): void {
  if (!deleting) return;
  const next = "sanctl snapshot list shows the others";
  throw new ControlError("in-use", `snapshot ${name} is being deleted`, next);
}

/** Whose file lies on another: a snapshot, or the disk as it is now. */
export interface Child {
  readonly disk: DeclaredDisk;
  readonly path: string;
  /** Undefined: the disk as it is now, which is written to. */
  readonly snapshot: DeclaredSnapshot | undefined;
}

/** Those whose files lie directly on that file. */
export function childrenOf(state: DeclaredState, path: string): Child[] {
  return state.disks.flatMap((disk): Child[] => {
    const { parent, snapshots } = chainOf(disk);
    const kept = snapshots.filter((each) => each.parent === path)
      .map((snapshot) => ({ disk, path: snapshot.path, snapshot }));
    if (parent !== path || disk.path === undefined) return kept;
    return [...kept, { disk, path: disk.path, snapshot: undefined }];
  });
}

/** The disks that show the snapshot, or that are clones of it. */
export function showing(state: DeclaredState, { uuid }: DeclaredSnapshot): DeclaredDisk[] {
  return state.disks.filter(({ chain }) => chain?.snapshotOf === uuid);
}

/** The state with that chain for the disk, and whatever else is different. */
export function withChain(
  state: DeclaredState,
  uuid: string,
  change: (chain: DeclaredChain, disk: DeclaredDisk) => DeclaredChain,
  rest: Partial<DeclaredDisk> = {},
): DeclaredState {
  const disks = state.disks.map((disk) =>
    disk.uuid === uuid ? { ...disk, ...rest, chain: change(chainOf(disk), disk) } : disk
  );
  return { ...state, disks };
}

/** The chain without `key`. */
export function without<K extends keyof DeclaredChain>(
  chain: DeclaredChain,
  key: K,
): Omit<DeclaredChain, K> {
  const { [key]: _, ...rest } = chain;
  return rest;
}
