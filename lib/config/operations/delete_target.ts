/** Deletes a target; its disks stay, assigned to it no more. */
import type { Force } from "../control.ts";
import { ControlError } from "../control_error.ts";
import type { DeclaredState } from "../schema.ts";
import { disksOf, findTarget } from "./find.ts";
import { type Outcome, sessionCount, type Usage } from "./outcome.ts";

export function deleteTarget(
  state: DeclaredState,
  name: string,
  { force }: Force,
  usage: Usage,
): Outcome {
  const target = findTarget(state, name);
  const sessions = usage.sessionsOf(name);
  if (sessions > 0 && !force) {
    throw new ControlError(
      "in-use",
      `target ${name} has ${
        sessionCount(sessions)
      } open: its initiators would lose their disks at once`,
      "log the initiators out first, or add --force",
    );
  }
  const notices = disksOf(state, name).map((disk) => `disk ${disk.name} stays, on no target now`);
  const disks = state.disks.map((disk) => {
    const assignments = disk.assignments.filter((each) => each.target !== name);
    return assignments.length === disk.assignments.length ? disk : { ...disk, assignments };
  });
  const targets = state.targets.filter((each) => each !== target);
  return { state: { ...state, targets, disks }, notices };
}
