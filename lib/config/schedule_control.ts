/** What there is to do with schedules: a part of the {@link Control}. */
import type { Changed } from "./facts.ts";

/** What is done again and again. */
export type ScheduleKind = "snapshot" | "backup";

/** How many are kept of what a schedule makes: of each rule, the latest one of so many periods. */
export interface KeepFacts {
  /** The latest ones; null where the rule is not given. */
  readonly last: number | null;
  readonly hourly: number | null;
  readonly daily: number | null;
  readonly weekly: number | null;
  readonly monthly: number | null;
}

/**
 * `waiting`: its last run, if there was one, went well; `failed`: it did not, and the schedule goes
 * on; `stopped`: no service runs.
 */
export type ScheduleState = "waiting" | "running" | "failed" | "stopped";

export interface ScheduleRunFacts {
  readonly startedAt: string;
  readonly endedAt: string;
  /** Why it failed; null: it went well. */
  readonly failure: string | null;
}

export interface ScheduleFacts {
  readonly name: string;
  readonly kind: ScheduleKind;
  readonly disks: readonly string[];
  readonly cron: string;
  /** The one that the cron form and what is kept go by; null: the machine's. */
  readonly timeZone: string | null;
  /** Snapshots of all the disks at one moment. */
  readonly group: boolean;
  /** Where backups are kept; null for snapshots. */
  readonly directory: string | null;
  readonly keep: KeepFacts;
  readonly state: ScheduleState;
  /** When it runs next, or is tried again after a failure; null: never, or nobody runs it. */
  readonly nextRun: string | null;
  readonly lastRun: ScheduleRunFacts | null;
}

/** Each a whole number from 1 on; what is left out is no rule. */
export interface Keep {
  readonly last?: number | undefined;
  readonly hourly?: number | undefined;
  readonly daily?: number | undefined;
  readonly weekly?: number | undefined;
  readonly monthly?: number | undefined;
}

export interface NewSchedule {
  readonly kind: ScheduleKind;
  readonly disks: readonly string[];
  /** Minute, hour, day, month, weekday; or `@hourly`, `@daily`, `@weekly`, `@monthly`. */
  readonly cron: string;
  /** Made of the first disk's name without. */
  readonly name?: string | undefined;
  /** An IANA name, such as Europe/Berlin; the machine's without. */
  readonly timeZone?: string | undefined;
  readonly group?: boolean | undefined;
  /** The absolute path of where backups are kept; with those alone. */
  readonly directory?: string | undefined;
  /** Needed for snapshots, of which a disk can have only so many. */
  readonly keep?: Keep | undefined;
}

/** What is to be different about a schedule; what is left out stays. */
export interface ScheduleChanges {
  readonly disks?: readonly string[] | undefined;
  readonly cron?: string | undefined;
  /** Null: the machine's. */
  readonly timeZone?: string | null | undefined;
  readonly directory?: string | undefined;
  /** In the place of all rules that there were. */
  readonly keep?: Keep | undefined;
}

export interface ScheduleControl {
  list(kind?: ScheduleKind): Promise<readonly ScheduleFacts[]>;
  add(schedule: NewSchedule): Promise<Changed<ScheduleFacts>>;
  /** What it has made stays, and counts among what it keeps. */
  set(
    name: string,
    changes: ScheduleChanges,
    kind?: ScheduleKind,
  ): Promise<Changed<ScheduleFacts>>;
  /** What it has made stays. */
  remove(name: string, kind?: ScheduleKind): Promise<Changed<ScheduleFacts>>;
}
