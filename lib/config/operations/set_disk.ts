/** Changes what a disk is called, and how it may be used. */
import type { DiskChanges } from "../control.ts";
import { ControlError } from "../control_error.ts";
import { checkDescription } from "../description.ts";
import { checkName } from "../names.ts";
import type { DeclaredDisk, DeclaredState } from "../schema.ts";
import { requireNotAttached } from "./attach_disk.ts";
import { checkExclusive } from "./assign_disk.ts";
import { checkDiskNameIsFree } from "./declare_disk.ts";
import { findDisk, findTarget, replaceDisk } from "./find.ts";
import type { Outcome } from "./outcome.ts";
import { withDisksRenamed } from "./schedules_of_disk.ts";

export function setDisk(state: DeclaredState, name: string, changes: DiskChanges): Outcome {
  const disk = findDisk(state, name);
  const changed: DeclaredDisk = { ...disk, shared: changes.shared ?? disk.shared };
  if (changes.description !== undefined) {
    changed.description = checkDescription(changes.description);
  }
  if (changes.name !== undefined && changes.name !== name) {
    requireNotAttached(disk);
    changed.name = changes.name;
    checkName("disk", changed.name);
    checkDiskNameIsFree(state, changed.name);
  }
  if (changes.readOnly !== undefined) {
    checkIsAssigned(disk);
    const { readOnly } = changes;
    changed.assignments = disk.assignments.map((each) => ({ ...each, readOnly }));
  }
  if (changes.shared !== undefined || changes.readOnly !== undefined) checkUse(state, changed);
  const names = new Map([[name, changed.name]]);
  return { state: withDisksRenamed(replaceDisk(state, disk, changed), names), notices: [] };
}

function checkUse(state: DeclaredState, disk: DeclaredDisk): void {
  const [first, ...others] = disk.assignments;
  if (disk.shared || first === undefined) return;
  checkExclusive(disk, findTarget(state, first.target), others, first.readOnly);
}

/** Whether writes are refused is a matter of each assignment. */
function checkIsAssigned({ name, assignments }: DeclaredDisk): void {
  if (assignments.length > 0) return;
  throw new ControlError(
    "not-found",
    `disk ${name} is assigned to no target, through which it could be read-only`,
    `sanctl disk assign ${name} TARGET --read-only`,
  );
}
