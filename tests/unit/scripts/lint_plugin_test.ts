import assert from "node:assert/strict";
import plugin from "../../../scripts/lint_plugin.ts";

function findings(source: string): string[] {
  return Deno.lint.runPlugin(plugin, "sample.ts", source).map(({ id }) => id);
}

Deno.test("lint: an arrow function at the top of a file is found, exported or not", () => {
  assert.deepEqual(findings("const f = () => 1;"), ["sanctl/top-level-functions"]);
  assert.deepEqual(findings("export const f = async () => 1;"), ["sanctl/top-level-functions"]);
  assert.deepEqual(findings("const f = function () {};"), ["sanctl/top-level-functions"]);
});

Deno.test("lint: arrow functions elsewhere, and declarations, are as they should be", () => {
  assert.deepEqual(findings("function f() { const g = () => 1; return g; }"), []);
  assert.deepEqual(findings("export const table = { run: () => 1 };"), []);
  assert.deepEqual(findings("export const step: Step = (task) => task.end();"), []);
});

Deno.test("lint: a member that is private by keyword is found, a constructor may be", () => {
  const source =
    "class A { private a = 1; private b() {} private constructor(private c: number) {} }";
  assert.deepEqual(findings(source), Array(3).fill("sanctl/hash-private"));
  assert.deepEqual(findings("class A { #a = 1; private constructor() {} }"), []);
});
