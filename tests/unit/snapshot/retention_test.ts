import assert from "node:assert/strict";
import fc from "fast-check";
import { keptBy, type Retention } from "../../../lib/snapshot/retention.ts";

const HOUR_MS = 3_600_000;

/** One every hour for so many hours, by the machine's calendar; the latest is at the end. */
function hourly(count: number): { takenAt: Date }[] {
  const first = new Date(2026, 10, 2, 0, 30).getTime(); // a Monday
  return Array.from({ length: count }, (_, n) => ({ takenAt: new Date(first + n * HOUR_MS) }));
}

function hoursKept(retention: Retention, items: { takenAt: Date }[]): number[] {
  const kept = keptBy(retention, items);
  return [...items.keys()].filter((n) => kept.has(items[n]!));
}

Deno.test("keptBy keeps everything where nothing is said", () => {
  assert.deepEqual(hoursKept({}, hourly(3)), [0, 1, 2]);
});

Deno.test("keptBy keeps the latest, and of each period the latest one", () => {
  const items = hourly(24 * 15);
  assert.deepEqual(hoursKept({ last: 2 }, items), [358, 359]);
  assert.deepEqual(hoursKept({ hourly: 3 }, items), [357, 358, 359]);
  assert.deepEqual(hoursKept({ daily: 3 }, items), [311, 335, 359]);
  assert.deepEqual(hoursKept({ weekly: 2 }, items), [335, 359]);
  assert.deepEqual(hoursKept({ monthly: 4 }, items), [359]);
  assert.deepEqual(hoursKept({ last: 1, daily: 2, weekly: 3 }, items), [167, 335, 359]);
});

Deno.test("keptBy counts periods that have any, however far they are apart", () => {
  const items = [[2026, 0, 1], [2026, 4, 1], [2026, 8, 1]].map(([year, month, day]) => ({
    takenAt: new Date(year!, month!, day),
  }));
  assert.deepEqual(hoursKept({ daily: 2 }, items), [1, 2]);
});

Deno.test("keptBy goes by the calendar of the time zone that is named", () => {
  const times = ["2026-11-24T23:30:00Z", "2026-11-25T00:30:00Z", "2026-11-25T23:30:00Z"];
  const items = times.map((time) => ({ takenAt: new Date(time) }));
  const kept = (zone: string) =>
    [...keptBy({ daily: 2 }, items, zone)].map((it) => items.indexOf(it));
  assert.deepEqual(kept("UTC"), [2, 0]);
  assert.deepEqual(kept("Europe/Berlin"), [2, 1]);
});

Deno.test("keptBy: an hour that daylight saving repeats is two hours", () => {
  const times = ["2026-10-25T00:30:00Z", "2026-10-25T01:30:00Z", "2026-10-25T02:30:00Z"];
  const items = times.map((time) => ({ takenAt: new Date(time) }));
  assert.equal(keptBy({ hourly: 3 }, items, "Europe/Berlin").size, 3);
});

Deno.test("keptBy keeps the latest under any rule, and no more than the rules add up to", () => {
  const rule = fc.option(fc.integer({ min: 1, max: 5 }), { nil: undefined });
  const retentions = fc.record({
    last: rule,
    hourly: rule,
    daily: rule,
    weekly: rule,
    monthly: rule,
  });
  fc.assert(fc.property(retentions, fc.array(fc.date({ noInvalidDate: true })), (rules, dates) => {
    const items = dates.map((takenAt) => ({ takenAt }));
    const kept = keptBy(rules, items);
    const counts = Object.values(rules).filter((count) => count !== undefined);
    if (counts.length === 0 || items.length === 0) return kept.size === items.length;
    const latest = Math.max(...dates.map((date) => date.getTime()));
    assert.ok([...kept].some(({ takenAt }) => takenAt.getTime() === latest));
    assert.ok(kept.size <= counts.reduce((sum, count) => sum + count, 0));
    return true;
  }));
});
