/**
 * Runs what is scheduled while the service runs: nothing of one schedule twice at a time, and what
 * came due while no service ran once, as soon as one does.
 */
import type { EventSink } from "../../events/event_sink.ts";
import type { Clock } from "../../runtime/clock.ts";
import type { Logger } from "../../runtime/logger.ts";
import { CronTimes } from "../../snapshot/schedule/cron_times.ts";
import { type Due, RunPlan } from "../../snapshot/schedule/run_plan.ts";
import type { DeclaredSchedule } from "../schema.ts";
import { identityOf, type LastRun, readRuns, type RunRecord, writeRuns } from "./run_book.ts";
import type { ScheduleCondition, ScheduleSource } from "./schedule_source.ts";

/** The calendar may be set while nothing is due for days: it is looked at so often. */
const LOOK_MS = 60_000;
/** A run that begins later than this after its time is told of. */
const LATE_MS = 120_000;

export interface SchedulerOptions {
  /** The file of the last runs. */
  readonly path: string;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly events: EventSink;
  readonly run: (schedule: DeclaredSchedule, signal: AbortSignal) => Promise<void>;
}

/** A schedule, and how it stands. */
interface Entry {
  schedule: DeclaredSchedule;
  identity: string;
  /** Undefined where its times cannot be understood. */
  plan: RunPlan | undefined;
  last: LastRun | null;
  running: Promise<void> | undefined;
}

export class Scheduler implements ScheduleSource {
  readonly #options: SchedulerOptions;
  readonly #entries = new Map<string, Entry>();
  readonly #abort = new AbortController();
  #records = new Map<string, RunRecord>();
  #callOff: (() => void) | undefined;
  #writing: Promise<void> = Promise.resolve();

  constructor(options: SchedulerOptions) {
    this.#options = options;
  }

  /** Takes up how the schedules stood when the service ended. */
  async load(): Promise<void> {
    try {
      this.#records = new Map(await readRuns(this.#options.path));
    } catch (error) {
      this.#options.logger.warn("when schedules ran last is not known", { reason: String(error) });
    }
  }

  /** These are the schedules from now on. */
  reconcile(schedules: readonly DeclaredSchedule[]): void {
    const names = new Set(schedules.map(({ name }) => name));
    for (const name of [...this.#entries.keys(), ...this.#records.keys()]) {
      if (names.has(name)) continue;
      this.#entries.delete(name);
      if (this.#records.delete(name)) this.#write();
    }
    for (const schedule of schedules) {
      const entry = this.#entries.get(schedule.name);
      const identity = identityOf(schedule);
      if (entry?.identity === identity) entry.schedule = schedule;
      else this.#take(schedule, identity, entry);
    }
    this.#look();
  }

  conditions(): Promise<ReadonlyMap<string, ScheduleCondition>> {
    return Promise.resolve(
      new Map([...this.#entries].map(([name, entry]) => [name, conditionOf(entry)])),
    );
  }

  /** What somebody has to see to, a sentence each. */
  troubles(): string[] {
    return [...this.#entries.values()].flatMap(({ schedule: { name }, plan, last }) => {
      if (plan === undefined) return [`schedule ${name}: its times cannot be understood`];
      if (last?.failure === undefined || last.failure === null) return [];
      const next = earliest(plan);
      const again = next === undefined ? "" : `; it is tried again at ${next.toISOString()}`;
      return [`schedule ${name}: ${last.failure}${again}`];
    });
  }

  /** Resolves when nothing runs. */
  async idle(): Promise<void> {
    const running = () => [...this.#entries.values()].flatMap((each) => each.running ?? []);
    while (running().length > 0) await Promise.all(running());
    await this.#writing;
  }

  /** Calls off what runs, which is made up for when a service runs again. */
  async stop(): Promise<void> {
    this.#callOff?.();
    this.#abort.abort(new Error("the service ends"));
    await this.idle();
  }

  #take(schedule: DeclaredSchedule, identity: string, before: Entry | undefined): void {
    const { clock, logger } = this.#options;
    const { name, cron, timeZone } = schedule;
    const record = this.#records.get(name);
    const isKnown = record?.of === identity;
    const handled = isKnown ? new Date(record.handled) : clock.now();
    const last = record?.last ?? null;
    let plan: RunPlan | undefined;
    try {
      plan = new RunPlan(CronTimes.parse(cron, timeZone), handled);
      if (isKnown && last?.failure) plan.failed(handled, clock.now());
    } catch (error) {
      if (!(error instanceof Error)) throw error;
      logger.error("a schedule cannot be understood", { schedule: name, reason: error.message });
    }
    const running = before?.running;
    this.#entries.set(name, { schedule, identity, plan, last, running });
    if (!isKnown) this.#record(name, { of: identity, handled: handled.toISOString(), last });
  }

  /** Runs whatever is due, and looks again when something will be. */
  #look(): void {
    this.#callOff?.();
    this.#callOff = undefined;
    if (this.#abort.signal.aborted) return;
    const { clock } = this.#options;
    const now = clock.now();
    let waitMs = LOOK_MS;
    for (const entry of this.#entries.values()) {
      if (entry.running !== undefined || entry.plan === undefined) continue;
      const due = entry.plan.due(now);
      if (due === undefined) waitMs = Math.min(waitMs, entry.plan.waitMs(now) ?? LOOK_MS);
      else this.#begin(entry, due, now);
    }
    if (this.#entries.size > 0) this.#callOff = clock.after(waitMs, () => this.#look());
  }

  #begin(entry: Entry, due: Due, now: Date): void {
    const { name } = entry.schedule;
    if (!due.again && now.getTime() - due.at.getTime() > LATE_MS) {
      this.#options.events.note("schedule-late", { schedule: name, due: due.at.toISOString() });
    }
    const running = this.#run(entry, now).finally(() => {
      const current = this.#entries.get(name);
      if (current?.running === running) current.running = undefined;
      this.#look();
    });
    entry.running = running;
  }

  async #run({ schedule, identity }: Entry, startedAt: Date): Promise<void> {
    const { clock, run } = this.#options;
    const { signal } = this.#abort;
    let failure: string | null = null;
    try {
      await run(schedule, signal);
    } catch (error) {
      failure = error instanceof Error ? error.message : String(error);
    }
    // What was called off is as if it had not begun.
    if (failure !== null && signal.aborted) return;
    const endedAt = clock.now();
    const entry = this.#entries.get(schedule.name);
    if (entry === undefined) return;
    this.#tell(schedule.name, entry.last?.failure ?? null, failure);
    entry.last = {
      startedAt: startedAt.toISOString(),
      endedAt: endedAt.toISOString(),
      failure,
    };
    // One that got other times meanwhile goes by those.
    if (entry.plan !== undefined && entry.identity === identity) {
      if (failure === null) entry.plan.succeeded(startedAt);
      else entry.plan.failed(startedAt, endedAt);
    }
    const handled = (entry.plan?.handled ?? startedAt).toISOString();
    this.#record(schedule.name, { of: entry.identity, handled, last: entry.last });
  }

  /** A failure is told once, however often the same comes of trying again. */
  #tell(schedule: string, before: string | null, failure: string | null): void {
    const { events, logger } = this.#options;
    if (failure !== null) {
      logger.error("what is scheduled failed", { schedule, reason: failure });
      if (failure !== before) events.note("schedule-failed", { schedule, reason: failure });
    } else if (before !== null) events.note("schedule-recovered", { schedule });
  }

  #record(name: string, record: RunRecord): void {
    this.#records.set(name, record);
    this.#write();
  }

  #write(): void {
    this.#writing = this.#writing.then(async () => {
      try {
        await writeRuns(this.#options.path, this.#records);
      } catch (error) {
        const reason = String(error);
        this.#options.logger.warn("when schedules ran cannot be written down", { reason });
      }
    });
  }
}

function conditionOf({ running, plan, last }: Entry): ScheduleCondition {
  const isFailed = plan === undefined || (last !== null && last.failure !== null);
  return {
    state: running !== undefined ? "running" : isFailed ? "failed" : "waiting",
    nextRun: plan === undefined ? undefined : earliest(plan),
    last,
  };
}

function earliest({ next, again }: RunPlan): Date | undefined {
  if (next === undefined || again === undefined) return next ?? again;
  return again < next ? again : next;
}
