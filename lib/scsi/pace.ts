/** Holds long work to a rate, so that it leaves the medium to others meanwhile. */
import { turn } from "../block/slices.ts";
import type { Clock } from "../runtime/clock.ts";

export class Pace {
  readonly #clock: Clock;
  readonly #octetsPerSecond: number;
  readonly #startMs: number;

  /** The work begins now. */
  constructor(clock: Clock, octetsPerSecond: number) {
    this.#clock = clock;
    this.#octetsPerSecond = octetsPerSecond;
    this.#startMs = clock.nowMs();
  }

  /** To be awaited when so many octets are done in all; the event loop turns at least. */
  hold(octets: number): Promise<void> {
    const dueMs = this.#startMs + octets / this.#octetsPerSecond * 1000;
    const aheadMs = dueMs - this.#clock.nowMs();
    if (!(aheadMs > 0)) return turn();
    return new Promise((resolve) => void this.#clock.after(aheadMs, resolve));
  }
}
