import assert from "node:assert/strict";
import { CronTimes } from "../../../../lib/snapshot/schedule/cron_times.ts";
import { RunPlan } from "../../../../lib/snapshot/schedule/run_plan.ts";

const HOURLY = CronTimes.parse("0 * * * *", "UTC");

function at(time: string): Date {
  return new Date(`2026-11-25T${time}Z`);
}

Deno.test("RunPlan is due at each of its times", () => {
  const plan = new RunPlan(HOURLY, at("10:20:00"));
  assert.equal(plan.due(at("10:59:59")), undefined);
  assert.equal(plan.waitMs(at("10:59:59")), 1000);
  assert.deepEqual(plan.due(at("11:00:00")), { at: at("11:00:00"), again: false });
  plan.succeeded(at("11:00:00"));
  assert.equal(plan.due(at("11:00:01")), undefined);
  assert.deepEqual(plan.next, at("12:00:00"));
});

Deno.test("RunPlan makes up for times that were missed by one run", () => {
  const plan = new RunPlan(HOURLY, at("10:20:00"));
  assert.deepEqual(plan.due(at("15:30:00")), { at: at("11:00:00"), again: false });
  plan.succeeded(at("15:30:00"));
  assert.equal(plan.due(at("15:30:01")), undefined);
  assert.deepEqual(plan.next, at("16:00:00"));
});

Deno.test("RunPlan: a time that comes while a run goes on is made up for after it", () => {
  const plan = new RunPlan(HOURLY, at("10:20:00"));
  assert.ok(plan.due(at("11:00:00")));
  plan.succeeded(at("11:00:00")); // known at 12:40
  assert.deepEqual(plan.due(at("12:40:00")), { at: at("12:00:00"), again: false });
});

Deno.test("RunPlan tries again after 1, 5 and 15 minutes, then waits for the next time", () => {
  const plan = new RunPlan(HOURLY, at("10:20:00"));
  plan.failed(at("11:00:00"), at("11:00:10"));
  assert.equal(plan.due(at("11:01:09")), undefined);
  assert.deepEqual(plan.due(at("11:01:10")), { at: at("11:01:10"), again: true });
  plan.failed(at("11:01:10"), at("11:01:10"));
  assert.deepEqual(plan.again, at("11:06:10"));
  plan.failed(at("11:06:10"), at("11:06:10"));
  assert.deepEqual(plan.again, at("11:21:10"));
  plan.failed(at("11:21:10"), at("11:21:10"));
  assert.equal(plan.again, undefined);
  assert.equal(plan.due(at("11:59:59")), undefined);
  assert.ok(plan.due(at("12:00:00")));
  plan.failed(at("12:00:00"), at("12:00:30"));
  assert.deepEqual(plan.again, at("12:01:30"));
  plan.succeeded(at("12:01:30"));
  assert.equal(plan.again, undefined);
  assert.deepEqual(plan.next, at("13:00:00"));
});

Deno.test("RunPlan goes on when the calendar is put back by days", () => {
  const plan = new RunPlan(HOURLY, at("10:20:00"));
  const before = new Date("2026-11-20T08:30:00Z");
  assert.equal(plan.due(before), undefined);
  assert.deepEqual(plan.next, new Date("2026-11-20T09:00:00Z"));
});
