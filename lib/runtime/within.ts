/** Waiting that has an end. */
import type { Clock } from "./clock.ts";

/** Waits until all have come about, so long at most; answers whether that was enough. */
export async function within(
  clock: Clock,
  ms: number,
  all: readonly Promise<unknown>[],
): Promise<boolean> {
  const deadline = Promise.withResolvers<boolean>();
  const callOff = clock.after(ms, () => deadline.resolve(false));
  try {
    return await Promise.race([Promise.all(all).then(() => true), deadline.promise]);
  } finally {
    callOff();
  }
}
