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

/**
 * Leaps to the next timer whenever nothing else is left to do: time passes in order, and as fast as
 * it can. For worlds in memory, whose every step is done before the event loop's next turn.
 */
export class LeapingClock implements Clock {
  #nowMs = 0;
  readonly #timers = new Set<{ readonly dueMs: number; readonly then: () => void }>();
  #turn: ReturnType<typeof setImmediate> | undefined;

  nowMs(): number {
    return this.#nowMs;
  }

  now(): Date {
    return new Date(Date.UTC(2026, 0, 1) + this.#nowMs);
  }

  after(delayMs: number, then: () => void): () => void {
    const timer = { dueMs: this.#nowMs + delayMs, then };
    this.#timers.add(timer);
    this.#schedule();
    return () => {
      this.#timers.delete(timer);
      if (this.#timers.size > 0 || this.#turn === undefined) return;
      clearImmediate(this.#turn);
      this.#turn = undefined;
    };
  }

  #schedule(): void {
    this.#turn ??= setImmediate(() => {
      this.#turn = undefined;
      this.#leap();
      if (this.#timers.size > 0) this.#schedule();
    });
  }

  #leap(): void {
    const [first] = [...this.#timers].sort((a, b) => a.dueMs - b.dueMs);
    if (first === undefined) return;
    this.#timers.delete(first);
    this.#nowMs = first.dueMs;
    first.then();
  }
}
