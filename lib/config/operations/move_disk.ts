/** Takes a disk from one target and gives it to another, in one step. */
import type { MoveOptions } from "../control.ts";
import { ControlError } from "../control_error.ts";
import type { DeclaredAssignment, DeclaredDisk, DeclaredState } from "../schema.ts";
import { assignDisk } from "./assign_disk.ts";
import { findDisk, findTarget } from "./find.ts";
import type { Outcome, Usage } from "./outcome.ts";
import { unassignDisk } from "./unassign_disk.ts";

export function moveDisk(
  state: DeclaredState,
  name: string,
  to: string,
  { from, lun, force }: MoveOptions,
  usage: Usage,
): Outcome {
  const disk = findDisk(state, name);
  findTarget(state, to);
  const left = assignmentToLeave(disk, from);
  if (left.target === to) {
    throw new ControlError(
      "in-use",
      `disk ${name} is LUN ${left.lun} of target ${to} already`,
      "name another target",
    );
  }
  const asked = { disk: name, target: left.target, force };
  const { state: between } = unassignDisk(state, asked, usage);
  return assignDisk(between, name, to, { lun, readOnly: left.readOnly });
}

function assignmentToLeave(disk: DeclaredDisk, from?: string): DeclaredAssignment {
  const [first, ...others] = disk.assignments;
  if (from !== undefined) {
    const named = disk.assignments.find(({ target }) => target === from);
    if (named !== undefined) return named;
  } else if (first !== undefined && others.length === 0) {
    return first;
  }
  if (first !== undefined && from === undefined) {
    const targets = disk.assignments.map(({ target }) => target).join(", ");
    throw new ControlError(
      "usage",
      `disk ${disk.name} has several targets: ${targets}`,
      "say with --from which one it is to leave",
    );
  }
  throw new ControlError(
    "not-found",
    `disk ${disk.name} is not assigned to ${from === undefined ? "any target" : `target ${from}`}`,
    `sanctl disk assign ${disk.name} TARGET gives it to one`,
  );
}
