import assert from "node:assert/strict";
import {
  LoginScript,
  NORMAL,
  STRAIGHT,
  TARGET,
  testNode,
  testTarget,
} from "../../support/login.ts";

Deno.test("TargetNode refuses a name twice, and a name that is not normalised", () => {
  const node = testNode();
  assert.throws(() => node.addTarget(testTarget()), /exists already/);
  const upper = testTarget({ name: TARGET.toUpperCase() });
  assert.throws(() => node.addTarget(upper), /not normalised/);
  assert.deepEqual([...node.targets.keys()], [TARGET]);
});

Deno.test("TargetNode.removeTarget ends the target's sessions before it is done", async () => {
  const node = testNode();
  const other = testTarget({ name: `${TARGET}2` });
  node.addTarget(other);
  await new LoginScript(node).send(STRAIGHT, NORMAL);
  await new LoginScript(node).send(STRAIGHT, { ...NORMAL, TargetName: other.name });
  await node.removeTarget(node.findTarget(TARGET)!);
  assert.equal(node.findTarget(TARGET), undefined);
  assert.deepEqual([...node.sessions.values()].map(({ target }) => target), [other]);
});
