/** How long a transfer done at once may take. */
export interface LatencyBound {
  /** A transfer may take this long, however short. */
  readonly baseMs: number;
  /** And this much for each octet. */
  readonly octetMs: number;
}

/** Reads: 30 µs and 1 µs a KiB, ten times what a cached one costs and well below any medium. */
export const READ_BOUND: LatencyBound = { baseMs: 0.03, octetMs: 0.001 / 1024 };
/**
 * Writes: what takes long is a page cache that is full of what the medium has not taken yet, and
 * then it takes tens of milliseconds. A shorter wait is the scheduler's doing, and asynchronous
 * writes cost more.
 */
export const WRITE_BOUND: LatencyBound = { baseMs: 5, octetMs: 0.002 / 1024 };

/** Transfers that are done asynchronously after a slow one: at first, and at most. */
const FIRST_SPAN = 16;
const LONGEST_SPAN = 512;

/**
 * Whether the next transfer is worth doing at once. While the medium answers from memory that is
 * cheapest; after one that took long, the next ones are done asynchronously, and more of them each
 * time that the transfer which tries again is slow as well.
 */
export class LatencyRule {
  readonly #bound: LatencyBound;
  #span = FIRST_SPAN;
  #left = 0;

  constructor(bound: LatencyBound) {
    this.#bound = bound;
  }

  /** Asked before each transfer: true says to do it asynchronously. */
  mustWait(): boolean {
    if (this.#left === 0) return false;
    this.#left--;
    return true;
  }

  /** Told after each transfer that was done at once. */
  took(elapsedMs: number, octets: number): void {
    if (elapsedMs <= this.#bound.baseMs + this.#bound.octetMs * octets) {
      this.#span = FIRST_SPAN;
      return;
    }
    this.#left = this.#span;
    this.#span = Math.min(this.#span * 2, LONGEST_SPAN);
  }
}
