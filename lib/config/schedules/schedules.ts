/** The schedules of whatever keeps the declared state. */
import type { Changed } from "../facts.ts";
import type {
  KeepFacts,
  NewSchedule,
  ScheduleChanges,
  ScheduleControl,
  ScheduleFacts,
  ScheduleKind,
} from "../schedule_control.ts";
import type { DeclaredSchedule, DeclaredState } from "../schema.ts";
import type { StateKeeper } from "../state_keeper.ts";
import { requireDirectory } from "../backups/require_directory.ts";
import type { ScheduleCondition } from "./schedule_source.ts";

export class Schedules implements ScheduleControl {
  readonly #keeper: StateKeeper;

  constructor(keeper: StateKeeper) {
    this.#keeper = keeper;
  }

  async list(kind?: ScheduleKind): Promise<readonly ScheduleFacts[]> {
    const { schedules = [] } = await this.#keeper.state();
    const conditions = await this.#keeper.schedules.conditions();
    return schedules.filter((each) => kind === undefined || each.kind === kind)
      .map((each) => factsOfSchedule(each, conditions.get(each.name)));
  }

  async add(schedule: NewSchedule): Promise<Changed<ScheduleFacts>> {
    const { addSchedule } = await import("../operations/schedules.ts");
    addSchedule(await this.#keeper.state(), schedule);
    if (schedule.directory !== undefined) await requireDirectory(schedule.directory);
    let name = "";
    const { state, notices } = await this.#keeper.change((state) => {
      const added = addSchedule(state, schedule);
      name = added.name;
      return added.outcome;
    });
    return { facts: await this.#facts(state, name), notices };
  }

  async set(
    name: string,
    changes: ScheduleChanges,
    kind?: ScheduleKind,
  ): Promise<Changed<ScheduleFacts>> {
    const { setSchedule } = await import("../operations/schedules.ts");
    setSchedule(await this.#keeper.state(), name, changes, kind);
    if (changes.directory !== undefined) await requireDirectory(changes.directory);
    const { state, notices } = await this.#keeper.change((state) =>
      setSchedule(state, name, changes, kind)
    );
    return { facts: await this.#facts(state, name), notices };
  }

  async remove(name: string, kind?: ScheduleKind): Promise<Changed<ScheduleFacts>> {
    const { findSchedule, removeSchedule } = await import("../operations/schedules.ts");
    findSchedule(await this.#keeper.state(), name, kind);
    let facts: ScheduleFacts | undefined;
    const conditions = await this.#keeper.schedules.conditions();
    const { notices } = await this.#keeper.change((state) => {
      facts = factsOfSchedule(findSchedule(state, name, kind), conditions.get(name));
      return removeSchedule(state, name, kind);
    });
    return { facts: facts!, notices };
  }

  async #facts(state: DeclaredState, name: string): Promise<ScheduleFacts> {
    const conditions = await this.#keeper.schedules.conditions();
    const schedule = state.schedules!.find((each) => each.name === name)!;
    return factsOfSchedule(schedule, conditions.get(name));
  }
}

function factsOfSchedule(
  { name, kind, disks, cron, timeZone, group, directory, keep }: DeclaredSchedule,
  condition: ScheduleCondition = { state: "stopped", nextRun: undefined, last: null },
): ScheduleFacts {
  return {
    name,
    kind,
    disks,
    cron,
    timeZone: timeZone ?? null,
    group,
    directory: directory ?? null,
    keep: keepFacts(keep),
    state: condition.state,
    nextRun: condition.nextRun?.toISOString() ?? null,
    lastRun: condition.last,
  };
}

function keepFacts({ last, hourly, daily, weekly, monthly }: DeclaredSchedule["keep"]): KeepFacts {
  return {
    last: last ?? null,
    hourly: hourly ?? null,
    daily: daily ?? null,
    weekly: weekly ?? null,
    monthly: monthly ?? null,
  };
}
