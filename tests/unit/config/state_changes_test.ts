import assert from "node:assert/strict";
import { type DeclaredState, emptyState } from "../../../lib/config/schema.ts";
import { stateChanges } from "../../../lib/config/state_changes.ts";

const EMPTY = emptyState("iqn.2026-11.io.sanctl:host");

function withTargets(...names: string[]): DeclaredState {
  const targets = names.map((name) => ({
    name,
    iqn: `iqn.2026-01.org.example:${name}`,
    description: "",
    allow: [],
  }));
  return { ...EMPTY, targets };
}

Deno.test("stateChanges names what was added, removed, renamed and changed", () => {
  const before = withTargets("a", "b", "c");
  const [a, , c] = before.targets;
  const after: DeclaredState = {
    ...EMPTY,
    targets: [
      { ...a!, name: "z" },
      { ...c!, allow: ["any"], description: "s3cret" },
      withTargets("d").targets[0]!,
    ],
  };
  assert.deepEqual(stateChanges(before, after), [
    "target a is called z now",
    "target b was removed",
    "target c changed: description, allow",
    "target d was added",
  ]);
  assert.deepEqual(stateChanges(before, before), []);
  assert.deepEqual(stateChanges(before, structuredClone(before)), []);
});

Deno.test("stateChanges: a target with another iSCSI name is the same one", () => {
  const before = withTargets("a");
  const after = {
    ...before,
    targets: [{ ...before.targets[0]!, iqn: "iqn.2026-01.org.example:x" }],
  };
  assert.deepEqual(stateChanges(before, after), ["target a changed: iqn"]);
});

Deno.test("stateChanges: a document that changes thousands is told of in a hundred lines", () => {
  const names = Array.from({ length: 3000 }, (_, i) => `t${i}`);
  const changes = stateChanges(EMPTY, withTargets(...names));
  assert.equal(changes.length, 101);
  assert.equal(changes.at(-1), "2900 more objects changed");
});
