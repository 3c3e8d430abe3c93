/** Lines that anybody can cause are rationed, so that nobody fills the disk with them. */
import type { Clock } from "./clock.ts";
import type { Facts, Logger } from "./logger.ts";

export interface Ration {
  /** Lines that may come at once. */
  readonly burst: number;
  readonly perSecond: number;
}

/** Passes on what the ration allows, and says how many lines it left out. */
export class RationedLogger implements Logger {
  readonly #logger: Logger;
  readonly #clock: Pick<Clock, "nowMs">;
  readonly #ration: Ration;
  #allowed: number;
  #sinceMs: number;
  #leftOut = 0;

  constructor(logger: Logger, clock: Pick<Clock, "nowMs">, ration: Ration) {
    this.#logger = logger;
    this.#clock = clock;
    this.#ration = ration;
    this.#allowed = ration.burst;
    this.#sinceMs = clock.nowMs();
  }

  debug(message: string, facts?: Facts): void {
    if (this.#allows()) this.#logger.debug(message, facts);
  }

  info(message: string, facts?: Facts): void {
    if (this.#allows()) this.#logger.info(message, facts);
  }

  warn(message: string, facts?: Facts): void {
    if (this.#allows()) this.#logger.warn(message, facts);
  }

  error(message: string, facts?: Facts): void {
    if (this.#allows()) this.#logger.error(message, facts);
  }

  #allows(): boolean {
    const { burst, perSecond } = this.#ration;
    const nowMs = this.#clock.nowMs();
    this.#allowed = Math.min(burst, this.#allowed + (nowMs - this.#sinceMs) * perSecond / 1000);
    this.#sinceMs = nowMs;
    if (this.#allowed < 1) {
      this.#leftOut++;
      return false;
    }
    this.#allowed--;
    if (this.#leftOut > 0) {
      this.#logger.warn("lines were left out, too many came at once", { count: this.#leftOut });
      this.#leftOut = 0;
    }
    return true;
  }
}
