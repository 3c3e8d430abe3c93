/** Puts a disk behind a LUN of a target. */
import type { AssignOptions } from "../control.ts";
import { ControlError } from "../control_error.ts";
import { ANY_INITIATOR, severalInitiators } from "../initiator_id.ts";
import {
  type DeclaredAssignment,
  type DeclaredDisk,
  type DeclaredState,
  type DeclaredTarget,
  MOST_LUN,
} from "../schema.ts";
import { requireNotHeld } from "./attach_disk.ts";
import { findDisk, findTarget, replaceDisk } from "./find.ts";
import type { Outcome } from "./outcome.ts";

export function assignDisk(
  state: DeclaredState,
  name: string,
  targetName: string,
  options: AssignOptions,
): Outcome {
  const disk = findDisk(state, name);
  const target = findTarget(state, targetName);
  requireNotHeld(disk);
  const shared = options.shared ?? disk.shared;
  const present = disk.assignments.find((each) => each.target === targetName);
  const others = disk.assignments.filter((each) => each !== present);
  const readOnly = options.readOnly ?? present?.readOnly ?? false;
  if (!shared) checkExclusive(disk, target, others, readOnly);
  const lun = present === undefined
    ? freeLun(state, targetName, options.lun)
    : sameLun(disk, present, options.lun);
  const changed = {
    ...disk,
    shared,
    assignments: [...others, { target: targetName, lun, readOnly }],
  };
  return { state: replaceDisk(state, disk, changed), notices: notices(changed, target, readOnly) };
}

/** One disk belongs to one target, and has one initiator that writes it. */
export function checkExclusive(
  disk: DeclaredDisk,
  target: DeclaredTarget,
  others: readonly DeclaredAssignment[],
  readOnly: boolean,
): void {
  if (others.length > 0) {
    throw new ControlError(
      "in-use",
      `disk ${disk.name} belongs to target ${others[0]!.target} already`,
      `sanctl disk unassign ${disk.name} first, or add --shared if several targets may have it`,
    );
  }
  const several = severalInitiators(target.allow);
  if (several !== undefined && !readOnly) {
    throw new ControlError(
      "in-use",
      `target ${target.name} admits ${several}, and two that write disk ${disk.name} corrupt it`,
      "add --shared if they form a cluster that shares it, or --read-only, or deny all but one",
    );
  }
}

function freeLun(state: DeclaredState, target: string, asked?: number): number {
  const taken = new Map<number, string>();
  for (const { name, assignments } of state.disks) {
    for (const each of assignments) if (each.target === target) taken.set(each.lun, name);
  }
  if (asked === undefined) {
    let lun = 0;
    while (taken.has(lun)) lun++;
    return lun;
  }
  if (!Number.isInteger(asked) || asked < 0 || asked > MOST_LUN) {
    throw new ControlError("usage", `${asked} is not a LUN`, `use a number from 0 to ${MOST_LUN}`);
  }
  const holder = taken.get(asked);
  if (holder === undefined) return asked;
  throw new ControlError(
    "in-use",
    `LUN ${asked} of target ${target} is disk ${holder}`,
    "choose another with --lun, or leave it out for the lowest that is free",
  );
}

function sameLun(disk: DeclaredDisk, present: DeclaredAssignment, asked?: number): number {
  if (asked === undefined || asked === present.lun) return present.lun;
  throw new ControlError(
    "in-use",
    `disk ${disk.name} is LUN ${present.lun} of target ${present.target} already`,
    `sanctl disk unassign ${disk.name} ${present.target} first`,
  );
}

function notices(disk: DeclaredDisk, target: DeclaredTarget, readOnly: boolean): string[] {
  if (disk.shared || readOnly || !target.allow.includes(ANY_INITIATOR)) return [];
  return [
    `target ${target.name} admits any initiator, and two that write disk ${disk.name} corrupt it`,
  ];
}
