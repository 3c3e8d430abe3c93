/** Finds what an operation names, and puts a changed object in place of the old one. */
import { ControlError } from "../control_error.ts";
import type { DeclaredDisk, DeclaredState, DeclaredTarget } from "../schema.ts";

export function findTarget(state: DeclaredState, name: string): DeclaredTarget {
  const target = state.targets.find((each) => each.name === name);
  if (target !== undefined) return target;
  throw noSuchTarget(name);
}

export function findDisk(state: DeclaredState, name: string): DeclaredDisk {
  const disk = state.disks.find((each) => each.name === name);
  if (disk !== undefined) return disk;
  throw noSuchDisk(name);
}

export function noSuchTarget(name: string): ControlError {
  return new ControlError(
    "not-found",
    `there is no target ${JSON.stringify(name)}`,
    "sanctl target list shows those there are",
  );
}

export function noSuchDisk(name: string): ControlError {
  return new ControlError(
    "not-found",
    `there is no disk ${JSON.stringify(name)}`,
    "sanctl disk list shows those there are",
  );
}

/** The state with `changed` where `target` was. */
export function replaceTarget(
  state: DeclaredState,
  target: DeclaredTarget,
  changed: DeclaredTarget,
): DeclaredState {
  const targets = state.targets.map((each) => each === target ? changed : each);
  return { ...state, targets };
}

/** The state with `changed` where `disk` was. */
export function replaceDisk(
  state: DeclaredState,
  disk: DeclaredDisk,
  changed: DeclaredDisk,
): DeclaredState {
  return { ...state, disks: state.disks.map((each) => each === disk ? changed : each) };
}

/** The disks that the target has. */
export function disksOf(state: DeclaredState, target: string): DeclaredDisk[] {
  return state.disks.filter(({ assignments }) => assignments.some((it) => it.target === target));
}
