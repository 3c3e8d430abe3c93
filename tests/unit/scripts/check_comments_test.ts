import assert from "node:assert/strict";
import { commentProblems } from "../../../scripts/check_comments.ts";

function problems(source: string): string[] {
  return commentProblems(new Map([["lib/a.ts", source]]));
}

Deno.test("commentProblems: a comment of 101 columns is named with its line, one of 100 is not", () => {
  const lines = ["/** @ */", "  // @", "   * @"];
  for (const line of lines) {
    const narrow = line.replace("@", "x".repeat(101 - line.length));
    assert.equal(narrow.length, 100);
    assert.deepEqual(problems(`const a = 1;\n${narrow}\n`), []);
    const wide = narrow.replace("x", "xx");
    assert.deepEqual(problems(`const a = 1;\n${wide}\n`), [
      "lib/a.ts:2: a comment of 101 columns: wrap it",
    ]);
  }
});

Deno.test("commentProblems: wide code is left to the formatter", () => {
  assert.deepEqual(problems(`const text = "${"x".repeat(200)}";`), []);
});
