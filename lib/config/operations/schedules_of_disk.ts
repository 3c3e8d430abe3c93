/** What becomes of schedules when their disks do not stay what they are called. */
import { ControlError } from "../control_error.ts";
import type { DeclaredState } from "../schema.ts";

/** The state whose schedules know the disks by what these are called now. */
export function withDisksRenamed(
  state: DeclaredState,
  names: ReadonlyMap<string, string>,
): DeclaredState {
  if (state.schedules === undefined || names.size === 0) return state;
  const schedules = state.schedules.map((schedule) => ({
    ...schedule,
    disks: schedule.disks.map((disk) => names.get(disk) ?? disk),
  }));
  return { ...state, schedules };
}

/** Refuses to take a disk away from a schedule. */
export function requireUnscheduled({ schedules = [] }: DeclaredState, disk: string): void {
  const needs = schedules.find(({ disks }) => disks.includes(disk));
  if (needs === undefined) return;
  throw new ControlError(
    "in-use",
    `disk ${disk} is in schedule ${needs.name}`,
    `sanctl ${needs.kind} schedule remove ${needs.name} first`,
  );
}
