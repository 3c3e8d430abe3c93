import assert from "node:assert/strict";
import { parseMoment } from "../../../cli/moment.ts";

const NOW = new Date("2026-11-23T18:00:00Z");

Deno.test("parseMoment reads what is ago, and times of the calendar", () => {
  const table: [text: string, expected: Date][] = [
    ["90s", new Date("2026-11-23T17:58:30Z")],
    ["15m", new Date("2026-11-23T17:45:00Z")],
    ["2H", new Date("2026-11-23T16:00:00Z")],
    ["7d", new Date("2026-11-16T18:00:00Z")],
    ["1w", new Date("2026-11-16T18:00:00Z")],
    ["9999999w", new Date(0)],
    ["2026-11-01", new Date(2026, 10, 1)],
    ["2026-11-01T08:30", new Date(2026, 10, 1, 8, 30)],
    ["2026-11-01 08:30:15", new Date(2026, 10, 1, 8, 30, 15)],
    ["2026-11-01T08:30:15.250Z", new Date("2026-11-01T08:30:15.250Z")],
    ["2026-11-01T08:30+02:00", new Date("2026-11-01T06:30:00Z")],
  ];
  for (const [text, expected] of table) assert.deepEqual(parseMoment(text, NOW), expected, text);
});

Deno.test("parseMoment refuses the rest with the right form", () => {
  for (const text of ["", "15", "m", "-5m", "1x", "yesterday", "2026", "2026-13-01", "1e3"]) {
    assert.throws(() => parseMoment(text, NOW), /a time is 15m, 2h or 7d ago/, text);
  }
});
