/** For what other processes bring about, which tell nobody: looks until it is so. */
import assert from "node:assert/strict";

const TRIES = 200;
const PAUSE_MS = 50;

/** Looks until what is there equals `expected`; fails with what was there last. */
export async function eventually<T>(look: () => Promise<T>, expected: T): Promise<void> {
  for (let tries = 0;; tries++) {
    const found = await look();
    try {
      return assert.deepEqual(found, expected);
    } catch (error) {
      if (tries === TRIES) throw error;
      await new Promise((then) => setTimeout(then, PAUSE_MS));
    }
  }
}
