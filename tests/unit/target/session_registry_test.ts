import assert from "node:assert/strict";
import { SessionRegistry } from "../../../lib/target/session_registry.ts";
import { CountingRandom, LoginScript, NORMAL, STRAIGHT, testNode } from "../../support/login.ts";

Deno.test("SessionRegistry never gives zero for a TSIH, and goes round at 16 bits", () => {
  const registry = new SessionRegistry(new CountingRandom(0xfffd));
  const handles = Array.from({ length: 4 }, () => registry.allocateTsih());
  assert.deepEqual(handles, [0xfffe, 0xffff, 1, 2]);
});

Deno.test("SessionRegistry gives no TSIH that a live session has", async () => {
  const node = testNode({ limit: { sessionsOfTarget: 0x10000 } });
  const first = node.sessions.allocateTsih();
  await new LoginScript(node).send(STRAIGHT, NORMAL);
  for (let i = 0; i < 0xffff - 2; i++) node.sessions.allocateTsih();
  assert.equal(node.sessions.allocateTsih(), first);
  assert.equal(node.sessions.get(first), undefined);
  assert.notEqual(node.sessions.allocateTsih(), first + 1, "that one has a session");
});

Deno.test("SessionRegistry lets go of a session, and of it alone", async () => {
  const node = testNode();
  const script = new LoginScript(node);
  await script.send(STRAIGHT, NORMAL);
  const { session } = script.login.outcome!;
  const { initiatorName, isid, target, targetPortalGroupTag } = session;
  const nexus = { initiatorName, isid, targetName: target!.name, targetPortalGroupTag };
  assert.equal(node.sessions.find(nexus), session);
  assert.equal(node.sessions.find({ ...nexus, targetPortalGroupTag: 2 }), undefined);
  node.sessions.delete(session);
  node.sessions.delete(session);
  assert.equal(node.sessions.find(nexus), undefined);
  assert.equal(node.sessions.size, 0);
  await session.terminate("the test is over");
});
