import assert from "node:assert/strict";
import { LoginStatus } from "../../../lib/iscsi/pdu/login_response.ts";
import { Status } from "../../../lib/scsi/status.ts";
import { MemoryDevice } from "../../../lib/block/memory.ts";
import { GatedDevice } from "../../support/gated_device.ts";
import {
  DISCOVERY,
  ENDPOINT,
  INITIATOR,
  LoginScript,
  NORMAL,
  STRAIGHT,
  testNode,
} from "../../support/login.ts";
import { INITIATOR_NAME, TARGET_NAME, TestTarget } from "../../support/test_target.ts";

const KEYS = { InitiatorName: INITIATOR_NAME, TargetName: TARGET_NAME };
const OTHER = { ...KEYS, InitiatorName: "iqn.2026-01.org.example:other" };
const OTHER_ISID = Uint8Array.of(0x80, 9, 9, 9, 9, 9);

/** A session that may have several connections. */
async function openSession(target: TestTarget, keys: Record<string, string> = {}) {
  const { initiator, ended } = target.connect();
  const login = await initiator.login({ ...KEYS, ...keys }, { cid: 1 });
  assert.equal(login.status, 0);
  const session = target.node.sessions.get(login.tsih)!;
  return { initiator, ended, session, tsih: login.tsih };
}

Deno.test("A16: a TSIH that names no session is refused with 020a", async () => {
  const script = new LoginScript(testNode());
  const answer = await script.send({ ...STRAIGHT, tsih: 0x7777 }, NORMAL);
  assert.equal(answer.status, LoginStatus.SESSION_DOES_NOT_EXIST);
  assert.equal(script.progress, "refused");
});

Deno.test("A16: a TSIH that names a session of another nexus is refused with 020a", async () => {
  const target = new TestTarget();
  const { session, tsih } = await openSession(target, { MaxConnections: "2" });
  for (
    const [keys, isid] of [[OTHER, session.isid], [KEYS, OTHER_ISID]] as const
  ) {
    const { initiator } = target.connect();
    const { status } = await initiator.login(keys, { tsih, isid, cid: 2 });
    assert.equal(status, LoginStatus.SESSION_DOES_NOT_EXIST);
  }
  assert.equal(session.connections.size, 1);
  const elsewhere = new LoginScript(target.node, { ...ENDPOINT, portalGroupTag: 2 });
  const answer = await elsewhere.send({ ...STRAIGHT, tsih, isid: session.isid }, KEYS);
  assert.equal(answer.status, LoginStatus.SESSION_DOES_NOT_EXIST);
  await target.close();
});

Deno.test("A17: one connection more than MaxConnections is refused with 0206", async () => {
  const target = new TestTarget();
  const { session, tsih, initiator } = await openSession(target);
  const second = target.connect().initiator;
  const { status } = await second.login(KEYS, { tsih, cid: 2 });
  assert.equal(status, LoginStatus.TOO_MANY_CONNECTIONS);
  await initiator.fence();
  assert.equal(session.connections.size, 1);
  await target.close();
});

Deno.test("A17: a further connection joins its session, within MaxConnections", async () => {
  const target = new TestTarget({ limits: { connectionsOfSession: 3 } });
  const { session, tsih, initiator } = await openSession(target, { MaxConnections: "8" });
  assert.equal(session.parameters.maxConnections, 3);
  for (const cid of [2, 3]) {
    const joining = target.connect().initiator;
    const login = await joining.login(KEYS, { tsih, cid });
    assert.equal(login.status, 0);
    assert.equal(login.tsih, tsih);
    assert.equal(login.keys.get("TargetPortalGroupTag"), "1");
    joining.cmdSN = initiator.cmdSN;
    await joining.run({ cdb: new Uint8Array(6) });
    initiator.cmdSN = joining.cmdSN;
  }
  const surplus = await target.connect().initiator.login(KEYS, { tsih, cid: 4 });
  assert.equal(surplus.status, LoginStatus.TOO_MANY_CONNECTIONS);
  assert.equal(session.connections.size, 3);
  await target.close();
});

Deno.test("A17: what a session agreed on cannot be changed by a further connection", async () => {
  const target = new TestTarget();
  const { session, tsih } = await openSession(target, { MaxConnections: "2" });
  const joining = target.connect().initiator;
  const { status } = await joining.login({ ...KEYS, MaxBurstLength: "512" }, { tsih, cid: 2 });
  assert.equal(status, LoginStatus.INITIATOR_ERROR);
  assert.equal(session.parameters.maxBurstLength, 262144);
  await target.close();
});

Deno.test("A17: TSIH and CID of a live connection replace that connection, not the session", async () => {
  const target = new TestTarget();
  const { session, tsih, initiator, ended } = await openSession(target);
  await initiator.run({ cdb: new Uint8Array(6) });
  const again = target.connect().initiator;
  const login = await again.login(KEYS, { tsih, cid: 1, cmdSN: initiator.cmdSN });
  assert.equal(login.status, 0);
  assert.equal(login.tsih, tsih);
  await ended;
  assert.equal(session.isEnding, false);
  assert.deepEqual([...session.connections.keys()], [1]);
  again.cmdSN = initiator.cmdSN;
  assert.equal((await again.run({ cdb: new Uint8Array(6) })).status, Status.GOOD);
  await target.close();
});

Deno.test("A18: the same nexus with TSIH 0 takes the place of the old session", async () => {
  const target = new TestTarget();
  const first = await openSession(target);
  const second = await openSession(target);
  await first.ended;
  assert.notEqual(second.tsih, first.tsih);
  assert.equal(first.session.isEnding, true);
  assert.deepEqual([...target.node.sessions.values()], [second.session]);
  assert.deepEqual([...target.target.sessions], [second.session]);
  assert.equal(await first.initiator.receive(), null);
  await target.close();
});

Deno.test("A18: the new login waits until no task of the old session runs", async () => {
  const device = new GatedDevice(new MemoryDevice(1 << 20));
  const target = new TestTarget({ device });
  const first = await openSession(target);
  await first.initiator.run({ cdb: new Uint8Array(6) });
  device.hold("write");
  const data = new Uint8Array(512).fill(1);
  await first.initiator.command({
    cdb: [0x2a, 0, 0, 0, 0, 0, 0, 0, 1, 0],
    write: true,
    length: 512,
    data,
  });
  await device.waiting(1);

  const second = target.connect().initiator;
  let answered = false;
  const login = second.login(KEYS).then((result) => {
    answered = true;
    return result;
  });
  await first.ended;
  for (let i = 0; i < 50; i++) await Promise.resolve();
  assert.equal(answered, false, "the old session's write is still under way");
  assert.equal(target.node.sessions.size, 1);
  device.releaseAll();
  assert.equal((await login).status, 0);
  assert.equal(first.session.tasks.size, 0);
  await target.close();
});

Deno.test("A18: several logins of one nexus at once leave one session", async () => {
  const target = new TestTarget();
  await openSession(target);
  const logins = Array.from({ length: 5 }, () => target.connect().initiator.login(KEYS));
  const results = await Promise.all(logins);
  for (const { status } of results) assert.ok(status === 0 || status === -1);
  for (let i = 0; i < 50; i++) await Promise.resolve();
  assert.equal(target.node.sessions.size, 1);
  assert.equal(target.target.sessions.size, 1);
  await target.close();
  assert.equal(target.node.sessions.size, 0);
});

Deno.test("A18: an initiator that leaves while its old session ends leaves nothing behind", async () => {
  const device = new GatedDevice(new MemoryDevice(1 << 20));
  const target = new TestTarget({ device });
  const first = await openSession(target);
  await first.initiator.run({ cdb: new Uint8Array(6) });
  device.hold("write");
  await first.initiator.command({
    cdb: [0x2a, 0, 0, 0, 0, 0, 0, 0, 1, 0],
    write: true,
    length: 512,
    data: new Uint8Array(512),
  });
  await device.waiting(1);
  const { initiator, stream, ended } = target.connect();
  const login = initiator.login(KEYS);
  await first.ended;
  stream.close();
  assert.equal((await login).status, -1);
  target.clock.advance(60_000);
  target.server.tickNow();
  device.releaseAll();
  await ended;
  for (let i = 0; i < 50; i++) await Promise.resolve();
  assert.equal(target.node.sessions.size, 0);
  await target.close();
});

Deno.test("A18: another ISID, name or portal group is another session", async () => {
  const node = testNode();
  const logins = [
    new LoginScript(node).send(STRAIGHT, NORMAL),
    new LoginScript(node).send({ ...STRAIGHT, isid: OTHER_ISID }, NORMAL),
    new LoginScript(node).send(STRAIGHT, { ...NORMAL, InitiatorName: OTHER.InitiatorName }),
    new LoginScript(node, { ...ENDPOINT, portalGroupTag: 2 }).send(STRAIGHT, NORMAL),
    new LoginScript(node).send(STRAIGHT, DISCOVERY),
    new LoginScript(node).send(STRAIGHT, DISCOVERY),
  ];
  const answers = await Promise.all(logins);
  assert.ok(answers.every(({ status }) => status === 0));
  assert.equal(new Set(answers.map(({ header }) => header.tsih)).size, 6);
  assert.equal(node.sessions.size, 6);
});

Deno.test("A18: a name in other letters is the same nexus", async () => {
  const node = testNode();
  await new LoginScript(node).send(STRAIGHT, NORMAL);
  const again = new LoginScript(node);
  await again.send(STRAIGHT, { ...NORMAL, InitiatorName: INITIATOR.toUpperCase() });
  assert.equal(again.progress, "done");
  assert.deepEqual([...node.sessions.values()], [again.login.outcome!.session]);
});

Deno.test("A20: TargetPortalGroupTag comes with the first answer, once, and never for discovery", async () => {
  const node = testNode({ target: { alias: "Backups" } });
  const script = new LoginScript(node, { ...ENDPOINT, portalGroupTag: 9 });
  const first = await script.send({ transit: true, currentStage: 0, nextStage: 1 }, NORMAL);
  assert.equal(first.keys.get("TargetPortalGroupTag"), "9");
  assert.equal(first.keys.get("TargetAlias"), "Backups");
  const last = await script.send(STRAIGHT);
  assert.equal(last.keys.has("TargetPortalGroupTag"), false);
  assert.equal(last.keys.has("TargetAlias"), false);
  assert.equal(script.login.outcome!.session.targetPortalGroupTag, 9);

  const discovery = await new LoginScript(node).send(STRAIGHT, DISCOVERY);
  assert.equal(discovery.keys.has("TargetPortalGroupTag"), false);
  assert.equal(discovery.keys.has("TargetAlias"), false);
});

Deno.test("A20: a first request that is not whole has no key in its answer", async () => {
  const script = new LoginScript(testNode());
  const empty = await script.send({ currentStage: 1, continue: true }, NORMAL);
  assert.equal(empty.text, "");
  assert.equal((await script.send(STRAIGHT)).keys.get("TargetPortalGroupTag"), "1");
});

Deno.test("A25: one session more than a target may have is refused with 0302", async () => {
  const node = testNode({ limit: { sessionsOfTarget: 2 } });
  for (const [octet, status] of [[1, 0], [2, 0], [3, LoginStatus.OUT_OF_RESOURCES]] as const) {
    const isid = Uint8Array.of(0x80, 0, 0, 0, 0, octet);
    assert.equal((await new LoginScript(node).send({ ...STRAIGHT, isid }, NORMAL)).status, status);
  }
  // Who is in already may come again.
  const isid = Uint8Array.of(0x80, 0, 0, 0, 0, 1);
  const again = await new LoginScript(node).send({ ...STRAIGHT, isid }, NORMAL);
  assert.equal(again.status, LoginStatus.SUCCESS);
});

Deno.test("Login: a target that goes while a login is under way ends it", async () => {
  const node = testNode();
  const script = new LoginScript(node);
  await script.send({ currentStage: 1 }, NORMAL);
  await node.removeTarget(node.targets.values().next().value!);
  assert.equal((await script.send(STRAIGHT)).status, LoginStatus.NOT_FOUND);
  assert.equal(node.sessions.size, 0);
});

Deno.test("Login: a discovery session has no target and no more than one connection", async () => {
  const node = testNode();
  const script = new LoginScript(node);
  const answer = await script.send(STRAIGHT, { ...DISCOVERY, MaxConnections: "4" });
  assert.equal(answer.keys.get("MaxConnections"), "Irrelevant");
  const { session } = script.login.outcome!;
  assert.equal(session.isDiscovery, true);
  assert.equal(session.parameters.maxConnections, 1);
  assert.equal(node.sessions.get(session.tsih), session);
  await session.terminate("the test is over");
  assert.equal(node.sessions.size, 0);
});
