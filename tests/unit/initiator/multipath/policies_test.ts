import assert from "node:assert/strict";
import { POLICIES, type PolicyName } from "../../../../lib/initiator/multipath/policies.ts";
import type { Choice } from "../../../../lib/initiator/multipath/policy.ts";

interface TestPath extends Choice {
  readonly name: string;
}

function path(name: string, options: Partial<Choice> = {}): TestPath {
  return { name, weight: 0, isInSubset: true, commands: 0, blocks: 0, ...options };
}

/** The names of the paths that so many commands take. */
function chosen(name: PolicyName, paths: readonly TestPath[], count: number): string {
  const policy = POLICIES[name]({ failBack: true });
  const selected = policy.select(paths);
  return Array.from({ length: count }, () => policy.choose(selected).name).join("");
}

Deno.test("fail-over-only uses the preferred path alone", () => {
  assert.equal(chosen("fail-over-only", [path("a"), path("b")], 4), "aaaa");
});

Deno.test("fail-over-only comes back to the preferred path, unless it is not to fail back", () => {
  const [a, b] = [path("a"), path("b")];
  for (const failBack of [true, false]) {
    const policy = POLICIES["fail-over-only"]({ failBack });
    assert.deepEqual(policy.select([a, b]), [a]);
    assert.deepEqual(policy.select([b]), [b]);
    assert.deepEqual(policy.select([a, b]), [failBack ? a : b]);
  }
});

Deno.test("round-robin uses all paths in turn", () => {
  assert.equal(chosen("round-robin", [path("a"), path("b"), path("c")], 7), "abcabca");
});

Deno.test("round-robin-with-subset uses the subset, and the others when nothing of it is left", () => {
  const [a, b, c] = [path("a"), path("b", { isInSubset: false }), path("c")];
  assert.equal(chosen("round-robin-with-subset", [a, b, c], 4), "acac");
  assert.equal(chosen("round-robin-with-subset", [b], 2), "bb");
});

Deno.test("least-queue-depth uses the path with the fewest commands, and equals in turn", () => {
  assert.equal(chosen("least-queue-depth", [path("a", { commands: 3 }), path("b")], 2), "bb");
  assert.match(chosen("least-queue-depth", [path("a"), path("b")], 4), /^(abab|baba)$/);
});

Deno.test("least-blocks uses the path with the fewest blocks on their way", () => {
  const paths = [path("a", { blocks: 9, commands: 1 }), path("b", { blocks: 8, commands: 8 })];
  assert.equal(chosen("least-blocks", paths, 2), "bb");
});

Deno.test("weighted-paths uses the path that weighs least, and equals in turn", () => {
  const [a, b, c] = [path("a", { weight: 5 }), path("b", { weight: 1 }), path("c", { weight: 1 })];
  assert.equal(chosen("weighted-paths", [a, b, c], 4), "bcbc");
});
