import assert from "node:assert/strict";
import { brokenFiles, closingLine, countsOf, sum } from "../../../scripts/test_report.ts";

function report(...cases: string[]): string {
  return `<testsuites><testsuite name="./a_test.ts">${cases.join("\n")}</testsuite></testsuites>`;
}

function testCase(name: string, body = ""): string {
  return `<testcase name="${name}" classname="./a_test.ts" time="0.1" line="1" col="6">
    ${body}</testcase>`;
}

Deno.test("countsOf: passed, failed, cancelled and skipped tests are told apart", () => {
  const junit = report(
    testCase("one"),
    testCase("two", '<failure message="x">x</failure>'),
    testCase("three", '<error message="Cancelled"/>'),
    testCase("four", "<skipped/>"),
  );
  assert.deepEqual(countsOf(junit), { passed: 1, failed: 2, skipped: 1 });
});

Deno.test("countsOf: a step is no test of its own", () => {
  const junit = report(
    testCase("outer"),
    testCase("outer &gt; inner"),
    testCase("outer &gt; inner &gt; innermost"),
    testCase("a &gt; b is no step of anything"),
  );
  assert.deepEqual(countsOf(junit), { passed: 2, failed: 0, skipped: 0 });
});

Deno.test("countsOf: a missing report counts nothing", () => {
  assert.deepEqual(countsOf(""), { passed: 0, failed: 0, skipped: 0 });
});

Deno.test("brokenFiles: a file that threw while loading is found once", () => {
  const output = "a ... ok (1ms)\nUncaught error from ./b_test.ts FAILED\n" +
    "Uncaught error from ./b_test.ts FAILED\n";
  assert.deepEqual(brokenFiles(output), ["./b_test.ts"]);
});

Deno.test("closingLine: sums what it is given", () => {
  const total = sum([
    { passed: 2, failed: 0, skipped: 1 },
    { passed: 3, failed: 1, skipped: 0 },
  ]);
  assert.equal(closingLine(total), "5 passed, 1 failed, 1 skipped");
});
