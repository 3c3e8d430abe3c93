/** Clocks that go as tests want. */
import type { Clock } from "../../lib/runtime/clock.ts";

/** Stands still until the test moves it. */
export class TestClock implements Clock {
  #nowMs = 0;
  readonly #timers = new Set<{ readonly dueMs: number; readonly then: () => void }>();

  nowMs(): number {
    return this.#nowMs;
  }

  now(): Date {
    return new Date(Date.UTC(2026, 0, 1) + this.#nowMs);
  }

  after(delayMs: number, then: () => void): () => void {
    const timer = { dueMs: this.#nowMs + delayMs, then };
    this.#timers.add(timer);
    return () => this.#timers.delete(timer);
  }

  /** Lets time pass; timers fire in their order, those that they set too. */
  advance(ms: number): void {
    const untilMs = this.#nowMs + ms;
    for (;;) {
      const due = [...this.#timers].filter(({ dueMs }) => dueMs <= untilMs)
        .sort((a, b) => a.dueMs - b.dueMs)[0];
      if (due === undefined) break;
      this.#timers.delete(due);
      this.#nowMs = due.dueMs;
      due.then();
    }
    this.#nowMs = untilMs;
  }
}

/** Every delay is over at the event loop's next turn. */
export class HurriedClock implements Clock {
  #nowMs = 0;

  nowMs(): number {
    return this.#nowMs;
  }

  now(): Date {
    return new Date(Date.UTC(2026, 0, 1) + this.#nowMs);
  }

  after(delayMs: number, then: () => void): () => void {
    const dueMs = this.#nowMs + delayMs;
    const timer = setImmediate(() => {
      this.#nowMs = Math.max(this.#nowMs, dueMs);
      then();
    });
    return () => clearImmediate(timer);
  }
}
