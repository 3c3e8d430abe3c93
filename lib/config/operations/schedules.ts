/** Declares what is done by itself. */
import { ControlError } from "../control_error.ts";
import { checkName, isName } from "../names.ts";
import type { Keep, NewSchedule, ScheduleChanges, ScheduleKind } from "../schedule_control.ts";
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
  const disks = disksOf(state, asked.disks);
  if (directory !== undefined) checkPath(directory);
  checkCron(cron, timeZone);
  const name = nameSchedule(state, disks[0]!, asked);
  const schedule: DeclaredSchedule = {
    name,
    kind,
    disks,
    cron,
    ...(timeZone === undefined ? {} : { timeZone }),
    group,
    ...(directory === undefined ? {} : { directory }),
    keep: givenRules(asked.keep),
  };
  checkSchedule(schedule);
  const schedules = [...state.schedules ?? [], schedule];
  if (schedules.length > MOST_SCHEDULES) {
    const next = "let one schedule do several disks";
    throw new ControlError("failed", `there are ${MOST_SCHEDULES} schedules, and no more`, next);
  }
  return { name, outcome: { state: { ...state, schedules }, notices: [] } };
}

function disksOf(state: DeclaredState, names: readonly string[]): string[] {
  const disks = [...new Set(names)];
  if (disks.length === 0) {
    throw new ControlError("usage", "it is not said of which disk", "name one, or several");
  }
  for (const disk of disks) requireSnapshots(findDisk(state, disk));
  return disks;
}

function givenRules(keep: Keep = {}): DeclaredSchedule["keep"] {
  return Object.fromEntries(Object.entries(keep).filter(([, count]) => count !== undefined));
}

export function setSchedule(
  state: DeclaredState,
  name: string,
  changes: ScheduleChanges,
  kind: ScheduleKind | undefined,
): Outcome {
  const found = findSchedule(state, name, kind);
  if (Object.values(changes).every((change) => change === undefined)) {
    const next = `sanctl ${found.kind} schedule set --help shows what can be`;
    throw new ControlError("usage", "it is not said what is to be different", next);
  }
  const { disks, directory, keep } = changes;
  const { timeZone: zone, ...before } = found;
  const timeZone = changes.timeZone === undefined ? zone : changes.timeZone ?? undefined;
  const cron = changes.cron ?? found.cron;
  if (directory !== undefined) checkPath(directory);
  if (changes.cron !== undefined || changes.timeZone !== undefined) checkCron(cron, timeZone);
  const schedule: DeclaredSchedule = {
    ...before,
    cron,
    ...(timeZone === undefined ? {} : { timeZone }),
    ...(disks === undefined ? {} : { disks: disksOf(state, disks) }),
    ...(directory === undefined ? {} : { directory }),
    ...(keep === undefined ? {} : { keep: givenRules(keep) }),
  };
  checkSchedule(schedule);
  const schedules = state.schedules!.map((each) => each === found ? schedule : each);
  return { state: { ...state, schedules }, notices: noticesOf(found, schedule) };
}

function noticesOf(before: DeclaredSchedule, { directory }: DeclaredSchedule): string[] {
  if (before.directory === directory) return [];
  return [`the backups in ${before.directory} stay, and are not removed by it any more`];
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
