/** Time that passes only as far as the next thing that was to happen, once all is quiet. */
import type { Clock } from "../../../lib/runtime/clock.ts";

interface Timer {
  readonly dueMs: number;
  readonly order: number;
  readonly then: () => void;
}

export class VirtualClock implements Clock {
  #nowMs = 0;
  #order = 0;
  readonly #timers = new Set<Timer>();

  nowMs(): number {
    return this.#nowMs;
  }

  now(): Date {
    return new Date(Date.UTC(2026, 0, 1) + this.#nowMs);
  }

  after(delayMs: number, then: () => void): () => void {
    const timer = { dueMs: this.#nowMs + delayMs, order: this.#order++, then };
    this.#timers.add(timer);
    return () => this.#timers.delete(timer);
  }

  pause(ms: number): Promise<void> {
    return new Promise((over) => this.after(ms, over));
  }

  /** Lets things happen until `isOver`, or so much time has passed; answers whether it is over. */
  async run(isOver: () => boolean, mostMs: number): Promise<boolean> {
    const endMs = this.#nowMs + mostMs;
    for (;;) {
      await quiet();
      await quiet();
      if (isOver()) return true;
      const next = this.#next();
      if (next === undefined || next.dueMs > endMs) break;
      this.#timers.delete(next);
      this.#nowMs = Math.max(this.#nowMs, next.dueMs);
      next.then();
    }
    this.#nowMs = endMs;
    return isOver();
  }

  #next(): Timer | undefined {
    let next: Timer | undefined;
    for (const timer of this.#timers) {
      const isSooner = next === undefined || timer.dueMs < next.dueMs ||
        (timer.dueMs === next.dueMs && timer.order < next.order);
      if (isSooner) next = timer;
    }
    return next;
  }
}

/** Whatever follows from what has happened has happened too. */
function quiet(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
