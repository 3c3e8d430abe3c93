import assert from "node:assert/strict";
import { LoginStatus } from "../../../lib/iscsi/pdu/login_response.ts";
import {
  DISCOVERY,
  ISID,
  LoginScript,
  NORMAL,
  type RequestFields,
  STRAIGHT,
  testNode,
} from "../../support/login.ts";

const SECURITY: RequestFields = { transit: true, currentStage: 0, nextStage: 1 };

Deno.test("A3: the ways 0-1-3, 0-3 and 1-3 lead to full feature phase", async () => {
  for (const way of [[[0, 1], [1, 3]], [[0, 3]], [[1, 3]]]) {
    const script = new LoginScript(testNode());
    for (const [i, [currentStage = 0, nextStage = 0]] of way.entries()) {
      const stages = { transit: true, currentStage, nextStage };
      const answer = await script.send(stages, i === 0 ? NORMAL : []);
      assert.equal(answer.status, LoginStatus.SUCCESS);
      assert.deepEqual(
        [answer.header.transit, answer.header.currentStage, answer.header.nextStage],
        [true, currentStage, nextStage],
      );
      assert.equal(script.progress, i === way.length - 1 ? "done" : "more");
    }
  }
});

Deno.test("A3: every other move is refused with 020b", async () => {
  const legal = ["0-1", "0-3", "1-3"];
  for (let currentStage = 0; currentStage < 4; currentStage++) {
    for (let nextStage = 0; nextStage < 4; nextStage++) {
      if (legal.includes(`${currentStage}-${nextStage}`)) continue;
      const script = new LoginScript(testNode());
      const answer = await script.send({ transit: true, currentStage, nextStage }, NORMAL);
      assert.equal(answer.status, LoginStatus.INVALID_DURING_LOGIN);
      assert.equal(script.progress, "refused");
      assert.equal(answer.header.transit, false);
    }
  }
});

Deno.test("A3: a stage other than the one agreed on is refused with 020b", async () => {
  const ahead = new LoginScript(testNode());
  await ahead.send({ ...SECURITY, transit: false }, NORMAL);
  assert.equal((await ahead.send(STRAIGHT)).status, LoginStatus.INVALID_DURING_LOGIN);

  const back = new LoginScript(testNode());
  await back.send(SECURITY, NORMAL);
  assert.equal((await back.send(SECURITY)).status, LoginStatus.INVALID_DURING_LOGIN);
});

Deno.test("A3: NSG says nothing without T", async () => {
  for (let nextStage = 0; nextStage < 4; nextStage++) {
    const script = new LoginScript(testNode());
    const answer = await script.send({ transit: false, currentStage: 1, nextStage }, NORMAL);
    assert.equal(answer.status, LoginStatus.SUCCESS);
    assert.equal(answer.header.nextStage, 0);
    assert.equal((await script.send(STRAIGHT)).status, LoginStatus.SUCCESS);
    assert.equal(script.progress, "done");
  }
});

Deno.test("A4: the target moves on only when it is asked to", async () => {
  const script = new LoginScript(testNode());
  for (let i = 0; i < 3; i++) {
    const answer = await script.send({ currentStage: 1 }, i === 0 ? NORMAL : []);
    assert.equal(answer.status, LoginStatus.SUCCESS);
    assert.equal(answer.header.transit, false);
    assert.equal(script.progress, "more");
  }
});

Deno.test("A6: more login requests than allowed are refused with 0302", async () => {
  const script = new LoginScript(testNode({ limit: { loginPdus: 5 } }));
  await script.send({ currentStage: 1 }, NORMAL);
  for (let i = 1; i < 5; i++) {
    assert.equal((await script.send({ currentStage: 1 })).status, LoginStatus.SUCCESS);
  }
  assert.equal((await script.send(STRAIGHT)).status, LoginStatus.OUT_OF_RESOURCES);
  assert.equal(script.progress, "refused");
});

Deno.test("A9: what identifies a login must not change in its midst", async () => {
  const changes: readonly RequestFields[] = [
    { initiatorTaskTag: 1 },
    { cid: 8 },
    { isid: Uint8Array.of(0x80, 1, 2, 3, 4, 6) },
    { tsih: 1 },
    { versionMax: 1 },
  ];
  for (const change of changes) {
    const script = new LoginScript(testNode());
    await script.send({ currentStage: 1 }, NORMAL);
    const answer = await script.send({ ...STRAIGHT, ...change });
    assert.equal(answer.status, LoginStatus.INVALID_DURING_LOGIN, JSON.stringify(change));
    assert.equal(script.progress, "refused");
  }
});

Deno.test("A10: version 0 is the only one, and each response says so", async () => {
  for (const [versionMin, versionMax, status] of [[0, 0, 0], [0, 9, 0], [1, 1, 0x205]] as const) {
    const script = new LoginScript(testNode());
    const answer = await script.send({ ...STRAIGHT, versionMin, versionMax }, NORMAL);
    assert.equal(answer.status, status);
    assert.equal(answer.header.versionActive, 0);
    assert.equal(answer.header.versionMax, 0);
  }
});

Deno.test("A13: StatSN begins anywhere and counts every response, across the wrap", async () => {
  const node = testNode(); // its random numbers begin at 2^32-2, and the sessions took the first
  const script = new LoginScript(node);
  const numbers: number[] = [];
  for (let i = 0; i < 3; i++) {
    const answer = await script.send({ currentStage: 1 }, i === 0 ? NORMAL : []);
    numbers.push(answer.header.statSN);
  }
  assert.deepEqual(numbers, [0xffffffff, 0, 1]);
  await script.send(STRAIGHT);
  assert.equal(script.login.outcome!.statSN, 3);
  const other = await new LoginScript(node).send(STRAIGHT, DISCOVERY);
  assert.notEqual(other.header.statSN, 0xffffffff);
});

Deno.test("A14: the login uses up no CmdSN", async () => {
  for (const cmdSN of [0, 1, 0xffffffff]) {
    const node = testNode({ limit: { commandsOfSession: 128 } });
    const script = new LoginScript(node);
    const first = await script.send({ cmdSN, currentStage: 1 }, NORMAL);
    assert.equal(first.header.expCmdSN, cmdSN);
    assert.equal(first.header.maxCmdSN, (cmdSN + 127) >>> 0);
    const last = await script.send({ ...STRAIGHT, cmdSN });
    const { window } = script.login.outcome!.session;
    assert.equal(last.header.expCmdSN, cmdSN);
    assert.equal(window.expCmdSN, cmdSN);
    assert.equal(last.header.maxCmdSN, window.maxCmdSN);
  }
});

Deno.test("A15: a new session's TSIH comes with its last response and not before", async () => {
  const script = new LoginScript(testNode());
  assert.equal((await script.send({ currentStage: 1 }, NORMAL)).header.tsih, 0);
  const { header } = await script.send(STRAIGHT);
  assert.notEqual(header.tsih, 0);
  assert.equal(header.tsih, script.login.outcome!.session.tsih);
});

Deno.test("A15: a refusal repeats the TSIH of the request", async () => {
  const answer = await new LoginScript(testNode()).send({ ...STRAIGHT, tsih: 0x7777 }, NORMAL);
  assert.equal(answer.header.tsih, 0x7777);
  const fresh = await new LoginScript(testNode()).send(STRAIGHT, { TargetName: "x" });
  assert.equal(fresh.header.tsih, 0);
});

Deno.test("every response repeats ISID and initiator task tag", async () => {
  const script = new LoginScript(testNode());
  for (const fields of [{ currentStage: 1 }, STRAIGHT]) {
    const { header } = await script.send(fields, fields === STRAIGHT ? [] : NORMAL);
    assert.deepEqual(header.isid, ISID);
    assert.equal(header.initiatorTaskTag, 0x0a0b0c0d);
    assert.equal(header.opcode, 0x23);
  }
});
