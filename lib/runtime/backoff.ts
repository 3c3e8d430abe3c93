/**
 * How long to wait before another try: twice as long each time, up to a limit, and never in step.
 */
import type { Random } from "./random.ts";

export interface BackoffOptions {
  readonly firstMs: number;
  readonly mostMs: number;
}

export class Backoff {
  readonly #options: BackoffOptions;
  readonly #random: Random;
  #tries = 0;

  constructor(options: BackoffOptions, random: Random) {
    this.#options = options;
    this.#random = random;
  }

  /** Between half and the whole of what is due: many that wait come back one by one. */
  next(): number {
    const { firstMs, mostMs } = this.#options;
    const dueMs = Math.min(firstMs * 2 ** this.#tries, mostMs);
    this.#tries++;
    return dueMs / 2 + (dueMs / 2) * (this.#random.u32() / 0x1_0000_0000);
  }

  /** It went well: the next wait is a short one. */
  reset(): void {
    this.#tries = 0;
  }
}
