import type { Clock } from "./clock.ts";

/** Resolves `ms` from now. */
export function pause(clock: Clock, ms: number): Promise<void> {
  return new Promise((then) => clock.after(ms, then));
}
