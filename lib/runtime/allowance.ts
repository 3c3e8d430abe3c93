/** So much at once, and so much as time goes by: what anybody can cause is rationed with it. */
import type { Clock } from "./clock.ts";

export interface Ration {
  /** How often at once. */
  readonly burst: number;
  readonly perSecond: number;
}

export class Allowance {
  readonly #clock: Pick<Clock, "nowMs">;
  readonly #ration: Ration;
  #left: number;
  #sinceMs: number;

  constructor(clock: Pick<Clock, "nowMs">, ration: Ration) {
    this.#clock = clock;
    this.#ration = ration;
    this.#left = ration.burst;
    this.#sinceMs = clock.nowMs();
  }

  /** Takes one, if there is one. */
  take(): boolean {
    const { burst, perSecond } = this.#ration;
    const nowMs = this.#clock.nowMs();
    this.#left = Math.min(burst, this.#left + (nowMs - this.#sinceMs) * perSecond / 1000);
    this.#sinceMs = nowMs;
    if (this.#left < 1) return false;
    this.#left--;
    return true;
  }
}
