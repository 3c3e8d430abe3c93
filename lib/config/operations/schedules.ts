/** Declares what is done by itself. */
import { ControlError } from "../control_error.ts";
import { checkName, isName } from "../names.ts";
import type { NewSchedule, ScheduleKind } from "../schedule_control.ts";
import { checkCron, checkSchedule } from "../schedules/check_schedule.ts";
import { type DeclaredSchedule, type DeclaredState, MOST_SCHEDULES } from "../schema.ts";
import { requireSnapshots } from "../snapshots/no_snapshots.ts";
import { checkPath } from "./declare_disk.ts";
import { findDisk } from "./find.ts";
import type { Outcome } from "./outcome.ts";

export function addSchedule(
  state: DeclaredState,
  asked: NewSchedule,
): { readonly name: string; readonly outcome: Outcome } {
  const { kind, cron, timeZone, directory, group = false } = asked;
  const disks = [...new Set(asked.disks)];
  if (disks.length === 0) {
    throw new ControlError("usage", "it is not said of which disk", "name one, or several");
  }
  for (const disk of disks) requireSnapshots(findDisk(state, disk));
  if (directory !== undefined) checkPath(directory);
  checkCron(cron, timeZone);
  const name = nameSchedule(state, disks[0]!, asked);
  const keep = Object.fromEntries(
    Object.entries(asked.keep ?? {}).filter(([, count]) => count !== undefined),
  );
  const schedule: DeclaredSchedule = {
    name,
    kind,
    disks,
    cron,
    ...(timeZone === undefined ? {} : { timeZone }),
    group,
    ...(directory === undefined ? {} : { directory }),
    keep,
  };
  checkSchedule(schedule);
  const schedules = [...state.schedules ?? [], schedule];
  if (schedules.length > MOST_SCHEDULES) {
    const next = "let one schedule do several disks";
    throw new ControlError("failed", `there are ${MOST_SCHEDULES} schedules, and no more`, next);
  }
  return { name, outcome: { state: { ...state, schedules }, notices: [] } };
}

function nameSchedule(
  { schedules = [] }: DeclaredState,
  disk: string,
  { name: asked, kind }: NewSchedule,
): string {
  const taken = new Set(schedules.map(({ name }) => name));
  if (asked !== undefined) {
    checkName("schedule", asked);
    if (!taken.has(asked)) return asked;
    const next = `choose another with --name, or sanctl ${kind} schedule remove it first`;
    throw new ControlError("in-use", `there is a schedule ${asked} already`, next);
  }
  const stem = `${disk.slice(0, 50)}-${kind}s`;
  for (let number = 1;; number++) {
    const candidate = number === 1 ? stem : `${stem}-${number}`;
    if (isName(candidate) && !taken.has(candidate)) return candidate;
  }
}

export function findSchedule(
  { schedules = [] }: DeclaredState,
  name: string,
  kind?: ScheduleKind,
): DeclaredSchedule {
  const found = schedules.find((each) => each.name === name);
  if (found !== undefined && (kind === undefined || found.kind === kind)) return found;
  const of = kind === undefined ? "" : ` of ${kind}s`;
  throw new ControlError(
    "not-found",
    `there is no schedule ${JSON.stringify(name)}${of}`,
    `sanctl ${found?.kind ?? kind ?? "snapshot"} schedule list shows those there are`,
  );
}

export function removeSchedule(
  state: DeclaredState,
  name: string,
  kind: ScheduleKind | undefined,
): Outcome {
  const found = findSchedule(state, name, kind);
  const { schedules, ...rest } = state;
  const left = schedules!.filter((each) => each !== found);
  const notices = [`what it has made stays, and is not removed by it any more`];
  return { state: left.length === 0 ? rest : { ...rest, schedules: left }, notices };
}
