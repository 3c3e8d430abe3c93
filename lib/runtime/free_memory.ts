/**
 * Gives back to the system what the C library's allocator has free: after a start, and after many
 * logins at once, that is a good part of what the process occupies. Where the C library cannot be
 * called, or has no such function, nothing happens.
 */
import type { Clock } from "./clock.ts";
import { libc } from "./libc.ts";

/** How often a service does so. It takes a few milliseconds of a thread beside. */
const INTERVAL_MS = 2000;

/** Does so soon, and then from time to time until the answer is called. */
export function keepMemoryFree(clock: Clock): () => void {
  const trim = libc()?.malloc_trim ?? undefined;
  let isOver = trim === undefined;
  let callOff = isOver ? undefined : clock.after(0, again);

  async function again(): Promise<void> {
    await trim!(0n);
    if (!isOver) callOff = clock.after(INTERVAL_MS, again);
  }

  return () => {
    isOver = true;
    callOff?.();
  };
}
