import assert from "node:assert/strict";
import { RULES, rulesTested } from "../../../scripts/check_rules.ts";

Deno.test("rulesTested finds the numbers at the head of names, and nowhere else", () => {
  const text = [
    'Deno.test("A44 A45: both", f);',
    "Deno.test(`B-07 A45 B-19: ${count} times`, f);",
    'Deno.test("what A99: says", f); // A98: a comment',
    "const name = 'A136 RELEASE: in a table';",
  ].join("\n");
  const expected = new Map([[44, 1], [45, 2], [136, 1]]);
  assert.deepEqual(rulesTested([text]), expected);
});

Deno.test("the rules are those of a target, each with a title of its own", () => {
  const numbers = Object.keys(RULES).map(Number);
  const ofInitiators = [24, 49, 56, 69, 70, 75, 82, 86, 96];
  assert.deepEqual(
    numbers,
    Array.from({ length: 136 }, (_, i) => i + 1).filter((each) => !ofInitiators.includes(each)),
  );
  assert.equal(new Set(Object.values(RULES)).size, numbers.length);
});
