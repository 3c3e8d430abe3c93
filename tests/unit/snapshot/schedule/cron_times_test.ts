import assert from "node:assert/strict";
import { CronTimes } from "../../../../lib/snapshot/schedule/cron_times.ts";

function timesAfter(text: string, zone: string, from: string, count: number): string[] {
  const times = CronTimes.parse(text, zone);
  const found: string[] = [];
  for (let at: Date | undefined = new Date(from); found.length < count;) {
    at = times.after(at!);
    found.push(at!.toISOString().replace(":00.000Z", "Z"));
  }
  return found;
}

Deno.test("CronTimes: fixed times are those of the clock on the wall, all year", () => {
  assert.deepEqual(timesAfter("30 4 * * *", "Europe/Berlin", "2026-03-27T12:00:00Z", 3), [
    "2026-03-28T03:30Z",
    "2026-03-29T02:30Z",
    "2026-03-30T02:30Z",
  ]);
});

Deno.test("CronTimes: a time that daylight saving leaves out is at the end of the gap", () => {
  assert.deepEqual(timesAfter("30 2 * * *", "Europe/Berlin", "2026-03-28T12:00:00Z", 2), [
    "2026-03-29T01:00Z",
    "2026-03-30T00:30Z",
  ]);
});

Deno.test("CronTimes: a fixed time that comes twice is there once, intervals go on", () => {
  assert.deepEqual(timesAfter("30 2 * * *", "Europe/Berlin", "2026-10-24T12:00:00Z", 2), [
    "2026-10-25T00:30Z",
    "2026-10-26T01:30Z",
  ]);
  assert.deepEqual(timesAfter("0 * * * *", "Europe/Berlin", "2026-10-24T22:30:00Z", 4), [
    "2026-10-24T23:00Z",
    "2026-10-25T00:00Z",
    "2026-10-25T01:00Z",
    "2026-10-25T02:00Z",
  ]);
});

Deno.test("CronTimes.parse refuses what is no schedule, and says the right form", () => {
  const wrong: readonly (readonly [string, string | undefined, RegExp])[] = [
    ["hourly", undefined, /"hourly" is no schedule: write it as minute hour day month weekday/],
    ["* * * * * *", undefined, /is no schedule/],
    ["61 * * * *", undefined, /Invalid value for minute: 61/],
    ["2026-11-25T10:00:00", undefined, /is no schedule/],
    ["@reboot", undefined, /is no schedule/],
    ["0 0 31 2 *", undefined, /names a day that never comes/],
    ["0 0 * * *", "Mars/Phobos", /"Mars\/Phobos" is no time zone/],
  ];
  for (const [text, zone, message] of wrong) {
    assert.throws(() => CronTimes.parse(text, zone), { message });
  }
  for (const text of ["@hourly", "*/5 * * * *", "0 0 1 JAN,JUL *", "0 6 * * MON-FRI"]) {
    CronTimes.parse(text);
  }
});
