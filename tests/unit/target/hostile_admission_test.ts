import assert from "node:assert/strict";
import { LoginStatus } from "../../../lib/iscsi/pdu/login_response.ts";
import { INITIATOR_NAME, TARGET_NAME, TestTarget } from "../../support/test_target.ts";

const NAMES = { InitiatorName: INITIATOR_NAME, TargetName: TARGET_NAME };

function isid(i: number): { isid: Uint8Array } {
  return { isid: Uint8Array.of(0x80, 0, 0, 0, i >> 8, i & 255) };
}

async function settle(): Promise<void> {
  for (let i = 0; i < 20; i++) await new Promise((resolve) => setImmediate(resolve));
}

Deno.test("B-15: silent connections make way for each other, and a login gets through", async () => {
  const limits = { connectionsInLogin: 20, connectionsInLoginFromOneAddress: 20 };
  const target = new TestTarget({ limits });
  const loaded = await target.logIn();
  for (let round = 0; round < 100; round++) {
    for (let i = 0; i < 30; i++) target.connect();
    const { initiator } = target.connect();
    const { status } = await initiator.login(NAMES, isid(round));
    assert.equal(status, LoginStatus.SUCCESS);
    await initiator.run({ cdb: new Uint8Array(6) });
    initiator.stream.close();
    await settle();
    assert.ok(target.server.connectionCount <= 21, `${target.server.connectionCount} are open`);
  }
  await loaded.fence();
  const warnings = target.log.filter(({ level }) => level !== "debug" && level !== "info");
  assert.equal(warnings.length, 0);
  await target.close();
});

Deno.test("B-15: one address has a share of its own, and evicts nobody else", async () => {
  const limits = { connectionsInLogin: 20, connectionsInLoginFromOneAddress: 5 };
  const target = new TestTarget({ limits });
  const strangers = Array.from({ length: 10 }, (_, i) => {
    return target.connect({ remoteAddress: `198.51.100.${i}` });
  });
  for (let i = 0; i < 100; i++) target.connect();
  await settle();
  assert.equal(target.server.connectionCount, 15);
  for (const { initiator } of strangers) {
    assert.equal((await initiator.login(NAMES)).status, LoginStatus.SUCCESS);
  }
  await target.close();
});

Deno.test("B-15 A6: a login that is not finished in 15 seconds is closed", async () => {
  const target = new TestTarget();
  const silent = target.connect();
  const slow = target.connect();
  await slow.initiator.login(NAMES, { transit: false });
  target.clock.advance(14_000);
  target.server.tickNow();
  assert.equal(target.server.connectionCount, 2);
  target.clock.advance(2000);
  target.server.tickNow();
  await Promise.all([silent.ended, slow.ended]);
  assert.equal(target.server.connectionCount, 0);
  await target.close();
});

Deno.test("B-15: peers whose login was refused, and who stay, count as strangers too", async () => {
  const limits = { connectionsInLogin: 20, connectionsInLoginFromOneAddress: 20 };
  const target = new TestTarget({ limits });
  for (let i = 0; i < 200; i++) {
    const { initiator } = target.connect();
    await initiator.login({ ...NAMES, TargetName: "iqn.2026-01.org.example:none" });
  }
  await settle();
  assert.ok(target.server.connectionCount <= 20);
  // B-16: one line for each of the first, and then no more than the ration.
  assert.ok(target.log.length <= 100, `${target.log.length} lines`);
  await target.close();
});

Deno.test("A25: past the limit of connections a login is answered 0302", async () => {
  const target = new TestTarget({ limits: { connections: 3 } });
  await target.logIn();
  for (const i of [1, 2]) {
    assert.equal((await target.connect().initiator.login(NAMES, isid(i))).status, 0);
  }
  const { initiator, ended } = target.connect();
  const { status } = await initiator.login(NAMES, isid(3));
  assert.equal(status, LoginStatus.OUT_OF_RESOURCES);
  initiator.stream.close();
  await ended;
  // Who only takes its own place again is let in.
  assert.equal((await target.connect().initiator.login(NAMES, isid(2))).status, 0);
  await target.close();
});

Deno.test("A25: past the limit of sessions a login is answered 0302", async () => {
  const target = new TestTarget({ limits: { sessionsOfTarget: 2 } });
  await target.logIn();
  assert.equal((await target.connect().initiator.login(NAMES, isid(1))).status, 0);
  const { status } = await target.connect().initiator.login(NAMES, isid(2));
  assert.equal(status, LoginStatus.OUT_OF_RESOURCES);
  await target.close();
});

Deno.test("B-14: strangers who name a session's nexus end it only if they may log in", async () => {
  const target = new TestTarget();
  const initiator = await target.logIn();
  for (let i = 0; i < 10_000; i++) {
    const stranger = target.connect().initiator;
    // Everything but the last step of a login, and every wrong TSIH and target.
    const fields = [{ transit: false }, { tsih: i + 1 }, { currentStage: 0, nextStage: 1 }][i % 3]!;
    const keys = i % 2 === 0 ? NAMES : { ...NAMES, TargetName: "iqn.2026-01.org.example:none" };
    await stranger.login(keys, fields);
    stranger.stream.close();
    const octets = new Uint8Array(512).fill(i);
    const address = [0, 0, i >> 8 & 7, i & 255, 0, 0, 1, 0];
    await initiator.run({ cdb: [0x2a, 0, ...address], write: true, length: 512, data: octets });
    const { status, data } = await initiator.run({
      cdb: [0x28, 0, ...address],
      read: true,
      length: 512,
    });
    assert.equal(status, 0);
    assert.deepEqual(data, octets);
  }
  await target.close();
});
