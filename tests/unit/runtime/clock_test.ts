import assert from "node:assert/strict";
import { systemClock, wakefulClock } from "../../../lib/runtime/clock.ts";

for (const [name, clock] of Object.entries({ systemClock, wakefulClock })) {
  Deno.test(`${name}: what is further away than a timer can wait does not come at once`, async () => {
    const come: number[] = [];
    const callOffs = [Infinity, 2 ** 31, 2 ** 40].map((delayMs) =>
      clock.after(delayMs, () => come.push(delayMs))
    );
    // The system's timers take such a delay for one of a millisecond.
    await new Promise<void>((then) => wakefulClock.after(20, then));
    assert.deepEqual(come, []);
    for (const callOff of callOffs) callOff();
  });
}
