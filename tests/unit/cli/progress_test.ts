import assert from "node:assert/strict";
import { ProgressBar, progressLine } from "../../../cli/progress.ts";

const GIB = 2 ** 30;

Deno.test("progressLine: share, amounts, speed and what is left", () => {
  const line = progressLine("creating a", { done: 5 * GIB, total: 20 * GIB }, 10_000);
  const bar = "#".repeat(7) + ".".repeat(23);
  assert.equal(line, `creating a [${bar}]  25%  5G of 20G  512M/s  0:30 left`);
});

Deno.test("progressLine: nothing is divided by zero", () => {
  assert.match(progressLine("a", { done: 0, total: 0 }, 0), /100% {2}0B of 0B$/);
  assert.match(progressLine("a", { done: 0, total: 10 }, 5), / 0% {2}0B of 10B$/);
});

Deno.test("progressLine: hours are shown where there are some", () => {
  const line = progressLine("a", { done: GIB, total: 3601 * GIB }, 1_000);
  assert.match(line, /1:00:00 left$/);
});

function bar(shown: boolean, times: number[]) {
  const seen = { text: "" };
  const made = new ProgressBar({
    title: "a",
    sink: { write: (text) => void (seen.text += text) },
    shown,
    nowMs: () => times.shift()!,
  });
  return { made, seen };
}

Deno.test("ProgressBar: draws at most ten times a second, and takes its line away", () => {
  const { made, seen } = bar(true, [0, 10, 20, 200]);
  for (let done = 1; done <= 3; done++) made.update({ done, total: 3 });
  made.end();
  assert.equal(seen.text.match(/\[#*\.*\]/g)?.length, 2);
  assert.ok(seen.text.endsWith("\r\x1b[K"));
});

Deno.test("ProgressBar: writes nothing where it is not shown", () => {
  const { made, seen } = bar(false, [0, 10]);
  made.update({ done: 1, total: 2 });
  made.end();
  assert.equal(seen.text, "");
});
