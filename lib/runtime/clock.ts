/** Time as the engines see it: a monotonic count for every timer, the calendar only for display. */
export interface Clock {
  /** Milliseconds from an arbitrary start, never going back. */
  nowMs(): number;
  /** The calendar's time. */
  now(): Date;
  /** Calls `then` once, `delayMs` from now; the answer calls it off. */
  after(delayMs: number, then: () => void): () => void;
}

/** What the system's timers can wait at once; they take anything longer for no time at all. */
const MOST_DELAY_MS = 2 ** 31 - 1;

type Timer = ReturnType<typeof setTimeout>;

/** The machine's own. A pending timer does not keep the process alive. */
export const systemClock: Clock = {
  nowMs: () => performance.now(),
  now: () => new Date(),
  after: (delayMs, then) => startTimer(delayMs, then, (timer) => Deno.unrefTimer(timer)),
};

/** The same, for those whose waiting the process has to outlive. */
export const wakefulClock: Clock = {
  ...systemClock,
  after: (delayMs, then) => startTimer(delayMs, then, () => undefined),
};

/** However long; what is infinitely far away never comes. */
function startTimer(
  delayMs: number,
  then: () => void,
  started: (timer: Timer) => void,
): () => void {
  let timer: Timer | undefined;
  function wait(leftMs: number): void {
    if (leftMs === Infinity) return;
    const nowMs = Math.min(leftMs, MOST_DELAY_MS);
    timer = setTimeout(() => nowMs === leftMs ? then() : wait(leftMs - nowMs), nowMs);
    started(timer);
  }
  wait(delayMs);
  return () => clearTimeout(timer);
}
