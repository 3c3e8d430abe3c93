/** Who knows how the schedules stand. */
import type { ScheduleState } from "../schedule_control.ts";
import { type LastRun, readRuns } from "./run_book.ts";

export interface ScheduleCondition {
  readonly state: ScheduleState;
  readonly nextRun: Date | undefined;
  readonly last: LastRun | null;
}

export interface ScheduleSource {
  /** By the schedules' names. */
  conditions(): Promise<ReadonlyMap<string, ScheduleCondition>>;
}

/** As the service wrote it down the last time that it ran. */
export class KeptRuns implements ScheduleSource {
  readonly #path: string;

  constructor(path: string) {
    this.#path = path;
  }

  async conditions(): Promise<ReadonlyMap<string, ScheduleCondition>> {
    const records = await readRuns(this.#path);
    return new Map(
      [...records].map((
        [name, { last }],
      ) => [name, { state: "stopped", nextRun: undefined, last }]),
    );
  }
}
