import assert from "node:assert/strict";
import { LoginStatus } from "../../../lib/iscsi/pdu/login_response.ts";
import { AccessList } from "../../../lib/target/access_list.ts";
import type { LoginEvent } from "../../../lib/target/node.ts";
import {
  DISCOVERY,
  INITIATOR,
  LoginScript,
  NORMAL,
  STRAIGHT,
  TARGET,
  testNode,
  testTarget,
} from "../../support/login.ts";
import { INITIATOR_NAME, TARGET_NAME, TestTarget } from "../../support/test_target.ts";

const STRANGER = "iqn.2026-01.org.example:stranger";

/** A node with a target for one initiator only, and one for nobody. */
function guardedNode() {
  const node = testNode({ target: { access: AccessList.of([`iqn:${INITIATOR}`]) } });
  node.addTarget(testTarget({ name: "iqn.2026-01.org.example:closed", access: AccessList.of([]) }));
  return node;
}

Deno.test("A1: another PDU than a Login Request closes the connection, with one line in the log", async () => {
  for (const opcode of [0x00, 0x01, 0x02, 0x04, 0x05, 0x06, 0x10, 0x1c, 0x3f]) {
    const target = new TestTarget();
    const { initiator, ended } = target.connect();
    const header = new Uint8Array(48);
    header[0] = opcode | 0x40;
    header[1] = 0x80;
    await initiator.send(header);
    assert.equal(await initiator.receive(), null, `opcode 0x${opcode.toString(16)}`);
    await ended;
    assert.equal(target.log.filter(({ level }) => level === "warn").length, 1);
    assert.equal(target.node.sessions.size, 0);
    await target.close();
  }
});

Deno.test("A11: more than 8192 octets declared in a Login Request close the connection at once", async () => {
  for (const length of [8193, 0xffffff]) {
    const target = new TestTarget();
    const { initiator, ended } = target.connect();
    const header = new Uint8Array(48);
    header[0] = 0x43;
    header[5] = length >>> 16;
    header[6] = (length >>> 8) & 0xff;
    header[7] = length & 0xff;
    await initiator.sendRaw(header);
    assert.equal(await initiator.receive(), null);
    await ended;
    await target.close();
  }
});

Deno.test("A12: an additional header segment in a Login Request closes the connection", async () => {
  const target = new TestTarget();
  const { initiator, ended } = target.connect();
  const header = new Uint8Array(52);
  header[0] = 0x43;
  await initiator.send(header);
  assert.equal(await initiator.receive(), null);
  await ended;
  await target.close();
});

Deno.test("A2: a login without InitiatorName, or a normal one without TargetName, is refused with 0207", async () => {
  for (
    const keys of [
      { TargetName: TARGET },
      { InitiatorName: INITIATOR },
      { InitiatorName: INITIATOR, SessionType: "Normal" },
      { SessionType: "Discovery" },
      {},
    ] as Record<string, string>[]
  ) {
    for (const currentStage of [0, 1]) {
      const script = new LoginScript(testNode());
      const answer = await script.send({ currentStage }, keys);
      assert.equal(answer.status, LoginStatus.MISSING_PARAMETER);
      assert.equal(script.progress, "refused");
    }
  }
});

Deno.test("A2: what is missing in the first text cannot come later", async () => {
  const late = new LoginScript(testNode());
  await late.send({ currentStage: 1 }, DISCOVERY);
  const answer = await late.send(STRAIGHT, { SessionType: "Normal" });
  assert.equal(answer.status, LoginStatus.INITIATOR_ERROR);
  const retyped = new LoginScript(testNode());
  await retyped.send({ currentStage: 1 }, NORMAL);
  const changed = await retyped.send(STRAIGHT, { SessionType: "Discovery" });
  assert.equal(changed.status, LoginStatus.INITIATOR_ERROR);
});

Deno.test("A21: names that are none are refused, others are compared without regard to letters' case", async () => {
  const bad = [
    "",
    "host",
    "iqn.",
    "iqn.2026-13.org.example",
    "iqn.2026-01.org.example:a b",
    "eui.1",
  ];
  for (const key of ["InitiatorName", "TargetName"]) {
    for (const name of bad) {
      const answer = await new LoginScript(testNode()).send(STRAIGHT, { ...NORMAL, [key]: name });
      assert.equal(answer.status, LoginStatus.INITIATOR_ERROR, `${key}=${name}`);
    }
  }
  const long = "iqn.2026-01.org.example:".padEnd(223, "x");
  const longest = new LoginScript(testNode());
  await longest.send(STRAIGHT, { ...NORMAL, InitiatorName: long });
  assert.equal(longest.progress, "done");
  const over = new LoginScript(testNode());
  await over.send(STRAIGHT, { ...NORMAL, InitiatorName: long + "x" });
  assert.equal(over.progress, "refused");
  const upper = new LoginScript(testNode());
  await upper.send(STRAIGHT, { ...NORMAL, TargetName: TARGET.toUpperCase() });
  assert.equal(upper.progress, "done");
});

Deno.test("A22: a session type that there is not is refused with 0209", async () => {
  const keys = { ...NORMAL, SessionType: "Normally" };
  const answer = await new LoginScript(testNode()).send(STRAIGHT, keys);
  assert.equal(answer.status, LoginStatus.SESSION_TYPE_NOT_SUPPORTED);
});

Deno.test("A23 B-10: a target that is not there and one that is not for the asker look the same", async () => {
  const answers = [];
  for (const name of ["absent", "disk", "closed"]) {
    const keys = { InitiatorName: STRANGER, TargetName: `iqn.2026-01.org.example:${name}` };
    const script = new LoginScript(guardedNode());
    const answer = await script.send(STRAIGHT, keys);
    assert.equal(answer.status, LoginStatus.NOT_FOUND);
    assert.equal(script.progress, "refused");
    answers.push(new Uint8Array(answer.header.view.buffer).toHex() + answer.text);
  }
  assert.equal(new Set(answers).size, 1);
});

Deno.test("A23: a refusal is sent before the connection ends, and nothing is left of it", async () => {
  const target = new TestTarget();
  const { initiator, ended } = target.connect();
  const login = await initiator.login({ InitiatorName: INITIATOR_NAME, TargetName: STRANGER });
  assert.equal(login.status, LoginStatus.NOT_FOUND);
  assert.equal(await initiator.receive(), null);
  initiator.stream.close();
  await ended;
  assert.equal(target.server.connectionCount, 0);
  assert.equal(target.node.sessions.size, 0);
  await target.close();
});

Deno.test("A19: a stranger with the same ISID cannot end a session that is not for it", async () => {
  const target = new TestTarget();
  target.target.access = AccessList.of([`iqn:${INITIATOR_NAME}`]);
  const initiator = await target.logIn();
  const stranger = target.connect().initiator;
  const login = await stranger.login({ InitiatorName: STRANGER, TargetName: TARGET_NAME });
  assert.equal(login.status, LoginStatus.NOT_FOUND);
  await initiator.fence();
  assert.equal(target.node.sessions.size, 1);
  await target.close();
});

Deno.test("B-16: a refused login makes one line that says who, from where, to what and why", async () => {
  const node = guardedNode();
  await new LoginScript(node).send(STRAIGHT, { InitiatorName: STRANGER, TargetName: TARGET });
  assert.deepEqual(node.logger.lines, [{
    level: "warn",
    message: "login refused",
    facts: {
      initiator: STRANGER,
      target: TARGET,
      peer: "192.0.2.101:40000",
      status: "0x0203",
      reason: `none of iqn:${INITIATOR} admits it`,
    },
  }]);
});

Deno.test("B-16: what a peer says is escaped and cut in the log", async () => {
  const node = testNode();
  const TargetName = "\u202eevil" + "x".repeat(2000);
  await new LoginScript(node).send(STRAIGHT, { InitiatorName: INITIATOR, TargetName });
  const [line, ...others] = node.logger.lines;
  assert.equal(others.length, 0);
  for (const fact of Object.values(line!.facts)) {
    assert.ok(String(fact).length <= 256);
    assert.doesNotMatch(String(fact), /[\p{Cc}\p{Cf}]/u);
  }
});

Deno.test("TargetNode counts logins and tells how each of them ended", async () => {
  const node = guardedNode();
  const events: LoginEvent[] = [];
  node.onLogin = (event) => events.push(event);
  await new LoginScript(node).send(STRAIGHT, NORMAL);
  await new LoginScript(node).send(STRAIGHT, { ...NORMAL, InitiatorName: STRANGER });
  await new LoginScript(node).send(STRAIGHT, {});
  assert.deepEqual(node.counters, { loginsAccepted: 1, loginsRefused: 2 });
  assert.deepEqual(events.map(({ initiatorName, status }) => [initiatorName, status]), [
    [INITIATOR, LoginStatus.SUCCESS],
    [STRANGER, LoginStatus.NOT_FOUND],
    [undefined, LoginStatus.MISSING_PARAMETER],
  ]);
});
