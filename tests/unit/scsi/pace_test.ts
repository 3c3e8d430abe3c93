import assert from "node:assert/strict";
import { Pace } from "../../../lib/scsi/pace.ts";
import { TestClock } from "../../support/test_clock.ts";

/** Whether the promise is settled once the event loop has turned. */
async function isOver(promise: Promise<void>): Promise<boolean> {
  let over = false;
  void promise.then(() => over = true);
  for (let i = 0; i < 3; i++) await new Promise((resolve) => setImmediate(resolve));
  return over;
}

Deno.test("Pace: work that is ahead waits until it is due", async () => {
  const clock = new TestClock();
  const pace = new Pace(clock, 1000);
  const held = pace.hold(500);
  clock.advance(499);
  assert.equal(await isOver(held), false);
  clock.advance(1);
  assert.equal(await isOver(held), true);
});

Deno.test("Pace: work that is behind goes on at once, until it has caught up", async () => {
  const clock = new TestClock();
  const pace = new Pace(clock, 1000);
  clock.advance(2000);
  assert.equal(await isOver(pace.hold(1000)), true);
  assert.equal(await isOver(pace.hold(2000)), true);
  assert.equal(await isOver(pace.hold(2001)), false);
});

Deno.test("Pace: the rate holds on the whole, not from one wait to the next", async () => {
  const clock = new TestClock();
  const pace = new Pace(clock, 1000);
  for (let done = 100; done <= 1000; done += 100) {
    const held = pace.hold(done);
    clock.advance(100);
    assert.equal(await isOver(held), true);
  }
  assert.equal(clock.nowMs(), 1000);
});
