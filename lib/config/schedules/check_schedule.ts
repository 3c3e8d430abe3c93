/** What a schedule must be, wherever it comes from. */
import { ControlError } from "../control_error.ts";
import { CronTimes } from "../../snapshot/schedule/cron_times.ts";
import type { Retention } from "../../snapshot/retention.ts";
import { type DeclaredSchedule, MOST_CRON, MOST_KEPT, MOST_SNAPSHOTS } from "../schema.ts";

/** Refuses what can never run, and says the right form. */
export function checkCron(cron: string, timeZone?: string): void {
  if (cron.length > MOST_CRON) {
    throw new ControlError("usage", `a schedule's times are at most ${MOST_CRON} characters`);
  }
  try {
    CronTimes.parse(cron, timeZone);
  } catch (cause) {
    if (!(cause instanceof Error)) throw cause;
    throw new ControlError("usage", cause.message, undefined, { cause });
  }
}

/** Refuses a name that no calendar has. */
export function checkTimeZone(timeZone: string | undefined): void {
  if (timeZone !== undefined) checkCron("@daily", timeZone);
}

/** Refuses rules that keep nothing, or more than there can be. */
export function checkKeep(keep: Retention): void {
  if (Object.values(keep).every((count) => count === undefined)) {
    throw new ControlError("usage", "it is not said how many are kept", "give --keep 24, for one");
  }
  for (const [rule, count] of Object.entries(keep)) {
    if (count === undefined) continue;
    if (Number.isInteger(count) && count >= 1 && count <= MOST_KEPT) continue;
    throw new ControlError(
      "usage",
      `${count} cannot be kept (${rule}): it is a whole number from 1 to ${MOST_KEPT}`,
      "leave the rule out, or keep at least 1",
    );
  }
}

/** That all parts of it fit together. */
export function checkSchedule({ name, kind, keep, directory, group }: DeclaredSchedule): void {
  if (Object.keys(keep).length > 0) checkKeep(keep);
  if (kind === "backup") {
    if (directory === undefined) throw unfit(name, "it is not said where backups are kept");
    if (group) throw unfit(name, "backups of several disks are made one after the other");
    return;
  }
  if (directory !== undefined) throw unfit(name, "snapshots are kept beside their disk");
  const sum = Object.values(keep).reduce<number>((sum, count) => sum + (count ?? 0), 0);
  if (sum === 0) {
    throw new ControlError(
      "usage",
      `schedule ${name}: it is not said how many snapshots are kept, and a disk has at most ` +
        MOST_SNAPSHOTS,
      "give --keep 24, or --keep-hourly 24 --keep-daily 7 (keep: in a document)",
    );
  }
  if (sum >= MOST_SNAPSHOTS) {
    throw new ControlError(
      "usage",
      `schedule ${name} would keep up to ${sum} snapshots, and a disk has at most ` +
        MOST_SNAPSHOTS,
      `keep fewer than ${MOST_SNAPSHOTS} in all`,
    );
  }
}

function unfit(name: string, why: string): ControlError {
  return new ControlError("usage", `schedule ${name}: ${why}`);
}
