/** Time as the engines see it: a monotonic count for every timer, the calendar only for display. */
export interface Clock {
  /** Milliseconds from an arbitrary start, never going back. */
  nowMs(): number;
  /** The calendar's time. */
  now(): Date;
  /** Calls `then` once, `delayMs` from now; the answer calls it off. */
  after(delayMs: number, then: () => void): () => void;
}

/** The machine's own. A pending timer does not keep the process alive. */
export const systemClock: Clock = {
  nowMs: () => performance.now(),
  now: () => new Date(),
  after(delayMs, then) {
    const timer = setTimeout(then, delayMs);
    Deno.unrefTimer(timer);
    return () => clearTimeout(timer);
  },
};

/** The same, for those whose waiting the process has to outlive. */
export const wakefulClock: Clock = {
  ...systemClock,
  after(delayMs, then) {
    const timer = setTimeout(then, delayMs);
    return () => clearTimeout(timer);
  },
};
