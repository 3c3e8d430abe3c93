/** Takes a disk away from a target, or from every target that has it. */
import type { Force } from "../control.ts";
import { ControlError } from "../control_error.ts";
import type { DeclaredState } from "../schema.ts";
import { findDisk, findTarget, replaceDisk } from "./find.ts";
import { type Outcome, sessionCount, type Usage } from "./outcome.ts";

/** What is to be taken from where. */
export interface Unassignment extends Force {
  readonly disk: string;
  /** Every target that has it, without one. */
  readonly target?: string | undefined;
}

export function unassignDisk(state: DeclaredState, asked: Unassignment, usage: Usage): Outcome {
  const disk = findDisk(state, asked.disk);
  if (asked.target !== undefined) findTarget(state, asked.target);
  const taken = disk.assignments.filter(({ target }) => (asked.target ?? target) === target);
  if (taken.length === 0) {
    const where = asked.target === undefined ? "any target" : `target ${asked.target}`;
    throw new ControlError(
      "not-found",
      `disk ${disk.name} is not assigned to ${where}`,
      `sanctl disk show ${disk.name} tells where it is`,
    );
  }
  const used = taken.find(({ target }) => usage.sessionsOf(target) > 0);
  if (used !== undefined && !asked.force) {
    const sessions = sessionCount(usage.sessionsOf(used.target));
    throw new ControlError(
      "in-use",
      `target ${used.target} has ${sessions} open, which may be using disk ${disk.name}`,
      "let its initiators give the disk up first, or add --force: it is gone for them at once",
    );
  }
  const assignments = disk.assignments.filter((each) => !taken.includes(each));
  return { state: replaceDisk(state, disk, { ...disk, assignments }), notices: [] };
}
