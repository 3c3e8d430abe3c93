/**
 * When a schedule runs. Times that passed without a run, since nothing was there to run it or the
 * run before was still going on, are made up for by one run. A run that failed is tried again,
 * sooner each time than the one after, until the next time comes.
 */
import type { CronTimes } from "./cron_times.ts";

/** After each failure in a row; then it waits for its next time. */
const AGAIN_MS = [60_000, 300_000, 900_000];
/** A calendar that was put back by more makes moments that were seen before count again. */
const SET_BACK_MS = 3_600_000;

export interface Due {
  /** When it was to run; where several times were missed, the first of them. */
  readonly at: Date;
  /** The run for that time failed before. */
  readonly again: boolean;
}

export class RunPlan {
  readonly #times: CronTimes;
  #handled: Date;
  #again: Date | undefined;
  #failures = 0;

  /** Times until `handled` are not to be run any more. */
  constructor(times: CronTimes, handled: Date) {
    this.#times = times;
    this.#handled = handled;
  }

  get handled(): Date {
    return this.#handled;
  }

  /** The next time that it names. */
  get next(): Date | undefined {
    return this.#times.after(this.#handled);
  }

  /** When a failed run is tried again, unless its next time comes before. */
  get again(): Date | undefined {
    return this.#again;
  }

  /** What is to be run now, if anything is. */
  due(now: Date): Due | undefined {
    if (this.#handled.getTime() > now.getTime() + SET_BACK_MS) this.#handled = now;
    const { next } = this;
    if (next !== undefined && next <= now) return { at: next, again: false };
    if (this.#again !== undefined && this.#again <= now) return { at: this.#again, again: true };
    return undefined;
  }

  /** Milliseconds until it is to be asked again; undefined: never. */
  waitMs(now: Date): number | undefined {
    const moments = [this.next, this.#again].filter((each) => each !== undefined);
    if (moments.length === 0) return undefined;
    const first = Math.min(...moments.map((each) => each.getTime()));
    return Math.max(0, first - now.getTime());
  }

  /** A run that began at that moment is done. */
  succeeded(startedAt: Date): void {
    this.#handled = startedAt;
    this.#again = undefined;
    this.#failures = 0;
  }

  /** A run that began at `startedAt` failed at `now`. */
  failed(startedAt: Date, now: Date): void {
    const isForItsTime = this.next !== undefined && this.next <= startedAt;
    if (isForItsTime) this.#failures = 0;
    this.#handled = startedAt;
    const waitMs = AGAIN_MS[this.#failures++];
    this.#again = waitMs === undefined ? undefined : new Date(now.getTime() + waitMs);
  }
}
