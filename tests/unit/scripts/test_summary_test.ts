import assert from "node:assert/strict";
import { summary } from "../../../scripts/test_summary.ts";

const GOOD = { counts: { passed: 2, failed: 0, skipped: 0 }, skips: [], failures: "" };
const SKIPPED = {
  counts: { passed: 1, failed: 0, skipped: 1 },
  skips: ["fio is not installed (Debian: fio)"],
  failures: "",
};
const BAD = { counts: { passed: 0, failed: 1, skipped: 0 }, skips: [], failures: "it broke" };

Deno.test("summary: the last line sums up all groups", () => {
  const { lines, exitCode } = summary([GOOD, SKIPPED], false);
  assert.equal(lines.at(-1), "3 passed, 0 failed, 1 skipped");
  assert.equal(exitCode, 0);
  assert.ok(lines.includes("  fio is not installed (Debian: fio)"));
});

Deno.test("summary: a skipped test fails a strict run", () => {
  assert.equal(summary([GOOD, SKIPPED], true).exitCode, 1);
  assert.equal(summary([GOOD], true).exitCode, 0);
});

Deno.test("summary: a failure is shown in full before the last line", () => {
  const { lines, exitCode } = summary([BAD, GOOD], false);
  assert.ok(lines.includes("it broke"));
  assert.equal(lines.at(-1), "2 passed, 1 failed, 0 skipped");
  assert.equal(exitCode, 1);
});
