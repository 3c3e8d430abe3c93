import assert from "node:assert/strict";
import { within } from "../../../lib/runtime/within.ts";
import { TestClock } from "../../support/test_clock.ts";

Deno.test("within answers whether all came about in time", async () => {
  const clock = new TestClock();
  assert.equal(await within(clock, 1000, [Promise.resolve(), Promise.resolve()]), true);
  const late = within(clock, 1000, [Promise.resolve(), new Promise(() => {})]);
  clock.advance(1000);
  assert.equal(await late, false);
});

Deno.test("within passes on what fails", async () => {
  await assert.rejects(within(new TestClock(), 1000, [Promise.reject(new Error("no"))]), /no/);
});
