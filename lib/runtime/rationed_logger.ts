/** Lines that anybody can cause are rationed, so that nobody fills the disk with them. */
import { Allowance, type Ration } from "./allowance.ts";
import type { Clock } from "./clock.ts";
import type { Facts, Logger } from "./logger.ts";

/** Passes on what the ration allows, and says how many lines it left out. */
export class RationedLogger implements Logger {
  readonly #logger: Logger;
  readonly #allowance: Allowance;
  #leftOut = 0;

  constructor(logger: Logger, clock: Pick<Clock, "nowMs">, ration: Ration) {
    this.#logger = logger;
    this.#allowance = new Allowance(clock, ration);
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
    if (!this.#allowance.take()) {
      this.#leftOut++;
      return false;
    }
    if (this.#leftOut > 0) {
      this.#logger.warn("lines were left out, too many came at once", { count: this.#leftOut });
      this.#leftOut = 0;
    }
    return true;
  }
}
