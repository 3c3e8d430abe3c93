import assert from "node:assert/strict";
import { MemoryDevice } from "../../../lib/block/memory.ts";
import { Opcode } from "../../../lib/iscsi/opcode.ts";
import { LogoutReason, LogoutRequest } from "../../../lib/iscsi/pdu/logout_request.ts";
import { LogoutResponse } from "../../../lib/iscsi/pdu/logout_response.ts";
import { NopIn } from "../../../lib/iscsi/pdu/nop_in.ts";
import { TaskManagementFunction } from "../../../lib/iscsi/pdu/task_management_request.ts";
import {
  TaskManagementOutcome,
  TaskManagementResponse,
} from "../../../lib/iscsi/pdu/task_management_response.ts";
import { Status } from "../../../lib/scsi/status.ts";
import { TaskAttribute } from "../../../lib/scsi/task.ts";
import { serialAdd } from "../../../lib/wire/serial.ts";
import { GatedDevice } from "../../support/gated_device.ts";
import type { TestInitiator } from "../../support/test_initiator.ts";
import { INITIATOR_NAME, TARGET_NAME, TestTarget } from "../../support/test_target.ts";

const BLOCK = 512;
const TEST_UNIT_READY = new Uint8Array(6);
const NAMES = { InitiatorName: INITIATOR_NAME, TargetName: TARGET_NAME };
const { ABORT_TASK, ABORT_TASK_SET, LOGICAL_UNIT_RESET } = TaskManagementFunction;

function read10(lba: number, blocks: number): number[] {
  return [0x28, 0, 0, 0, lba >> 8, lba & 255, 0, blocks >> 8, blocks & 255, 0];
}

function write10(lba: number, blocks: number): number[] {
  return [0x2a, 0, 0, 0, lba >> 8, lba & 255, 0, blocks >> 8, blocks & 255, 0];
}

function tagOf(header: Uint8Array): number {
  return new DataView(header.buffer, header.byteOffset).getUint32(16);
}

/** Lets everything happen that waits for nothing but its turn. */
async function settle(): Promise<void> {
  for (let i = 0; i < 20; i++) await new Promise((resolve) => setImmediate(resolve));
}

async function functionComplete(initiator: TestInitiator, tag: number): Promise<void> {
  const response = await initiator.expect(Opcode.TASK_MANAGEMENT_RESPONSE, TaskManagementResponse);
  assert.equal(response.initiatorTaskTag, tag);
  assert.equal(response.response, TaskManagementOutcome.FUNCTION_COMPLETE);
  initiator.expStatSN = serialAdd(response.statSN, 1);
}

/** A write that its medium holds back, on a target of its own. */
async function stuckWrite() {
  const device = new GatedDevice(new MemoryDevice(1 << 16));
  const target = new TestTarget({ device });
  const initiator = await target.logIn({ MaxConnections: "4" });
  device.hold("write");
  const data = new Uint8Array(BLOCK).fill(1);
  const tag = await initiator.command({ cdb: write10(0, 1), write: true, length: BLOCK, data });
  await device.waiting(1);
  return { device, target, initiator, tag };
}

async function joined(target: TestTarget, tsih: number, cid: number): Promise<TestInitiator> {
  const { initiator } = target.connect();
  const keys = { ...NAMES, MaxRecvDataSegmentLength: "262144" };
  assert.equal((await initiator.login(keys, { tsih, cid })).status, 0);
  return initiator;
}

Deno.test("A89: a second ABORT TASK of the same task waits for its write as the first does", async () => {
  const { device, target, initiator, tag } = await stuckWrite();
  const fields = { functionCode: ABORT_TASK, referencedTaskTag: tag };
  const first = await initiator.manage(fields);
  const second = await initiator.manage(fields);
  await initiator.fence(); // neither is answered
  device.releaseAll();
  await functionComplete(initiator, first);
  await functionComplete(initiator, second);
  await target.close();
});

Deno.test("A84 A89: a logout waits for the write of a task that was aborted before", async () => {
  const { device, target, initiator, tag } = await stuckWrite();
  await initiator.manage({ functionCode: ABORT_TASK, referencedTaskTag: tag });
  await initiator.fence();
  const pdu = new LogoutRequest(new Uint8Array(48));
  pdu.opcode = Opcode.LOGOUT_REQUEST;
  pdu.immediate = true;
  pdu.final = true;
  pdu.reason = LogoutReason.CLOSE_SESSION;
  pdu.initiatorTaskTag = 99;
  await initiator.send(new Uint8Array(pdu.view.buffer));
  await settle();
  let isOver = false;
  const answer = initiator.expect(Opcode.LOGOUT_RESPONSE, LogoutResponse).then(() => isOver = true);
  await settle();
  assert.equal(isOver, false);
  device.releaseAll();
  await answer;
  await target.close();
});

Deno.test("A18: a connection is reinstated when the last write of the old one is over", async () => {
  const { device, target, initiator } = await stuckWrite();
  const [session] = target.target.sessions;
  await joined(target, session!.tsih, 1); // so that the session lives on
  const { tsih } = session!;
  initiator.stream.close(); // its task is aborted, and its write goes on
  await settle();
  const { initiator: successor } = target.connect();
  let isIn = false;
  const login = successor.login(NAMES, { tsih, cid: 0 }).then(({ status }) => {
    isIn = true;
    return status;
  });
  await settle();
  assert.equal(isIn, false, "the old write is still on its way");
  device.releaseAll();
  assert.equal(await login, 0);
  await target.close();
});

Deno.test("A88: ABORT TASK of a command that is held drops it, and those behind it go on", async () => {
  const target = new TestTarget();
  const initiator = await target.logIn();
  const first = initiator.cmdSN;
  const data = new Uint8Array(BLOCK).fill(7);
  const held = await initiator.command({
    cdb: write10(0, 1),
    write: true,
    length: BLOCK,
    data,
    cmdSN: serialAdd(first, 1),
  });
  const tag = await initiator.manage({ functionCode: ABORT_TASK, referencedTaskTag: held });
  await functionComplete(initiator, tag);
  const behind = await initiator.command({ cdb: TEST_UNIT_READY, cmdSN: serialAdd(first, 2) });
  const gap = await initiator.command({ cdb: TEST_UNIT_READY, cmdSN: first });
  assert.equal((await initiator.result(gap)).status, Status.GOOD);
  assert.equal((await initiator.result(behind)).status, Status.GOOD);
  initiator.cmdSN = serialAdd(first, 3);
  const read = await initiator.run({ cdb: read10(0, 1), read: true, length: BLOCK });
  assert.deepEqual(read.data, new Uint8Array(BLOCK));
  await target.close();
});

Deno.test("A46 A88: aborting the command that is missing lets the held ones go on at once", async () => {
  const target = new TestTarget();
  const initiator = await target.logIn();
  const missing = initiator.cmdSN;
  const behind = await initiator.command({ cdb: TEST_UNIT_READY, cmdSN: serialAdd(missing, 1) });
  initiator.cmdSN = serialAdd(missing, 2);
  const tag = await initiator.manage({
    functionCode: ABORT_TASK,
    referencedTaskTag: 0x7777,
    refCmdSN: missing,
  });
  await functionComplete(initiator, tag);
  assert.equal((await initiator.result(behind)).status, Status.GOOD);
  await target.close();
});

Deno.test("A90: a function for many tasks waits for those that were sent before it", async () => {
  const target = new TestTarget();
  const initiator = await target.logIn();
  const missing = initiator.cmdSN;
  await initiator.ping(Uint8Array.of(1, 2, 3), {
    immediate: false,
    cmdSN: serialAdd(missing, 1),
    initiatorTaskTag: 555,
  });
  const fields = { functionCode: LOGICAL_UNIT_RESET, cmdSN: serialAdd(missing, 2) };
  const tag = await initiator.manage(fields);
  await initiator.fence(); // no answer yet
  const write = await initiator.command({
    cdb: write10(0, 1),
    write: true,
    length: BLOCK,
    cmdSN: missing,
  });
  assert.equal((await initiator.receive())?.opcode, Opcode.READY_TO_TRANSFER);
  const answer = await initiator.expect(Opcode.NOP_IN, NopIn);
  assert.equal(answer.initiatorTaskTag, 555);
  initiator.expStatSN = serialAdd(answer.statSN, 1);
  await functionComplete(initiator, tag);
  await initiator.dataOut(write, {}, new Uint8Array(BLOCK));
  initiator.cmdSN = serialAdd(missing, 2);
  await initiator.fence(); // the write was aborted without a word
  await target.close();
});

Deno.test("A92: a target reset takes what is missing before it for received", async () => {
  const target = new TestTarget();
  const initiator = await target.logIn();
  const missing = initiator.cmdSN;
  const held = await initiator.command({ cdb: TEST_UNIT_READY, cmdSN: serialAdd(missing, 1) });
  const fields = {
    functionCode: TaskManagementFunction.TARGET_WARM_RESET,
    cmdSN: serialAdd(missing, 3),
  };
  await functionComplete(initiator, await initiator.manage(fields));
  await initiator.command({ cdb: TEST_UNIT_READY, cmdSN: missing });
  await initiator.command({ cdb: TEST_UNIT_READY, cmdSN: serialAdd(missing, 2) });
  await initiator.fence(); // nothing of them is answered
  initiator.cmdSN = serialAdd(missing, 3);
  const result = await initiator.run({ cdb: TEST_UNIT_READY });
  assert.equal(result.code >> 8, 0x29);
  assert.notEqual(held, undefined);
  await target.close();
});

Deno.test("A46: unsolicited data waits with its command for the one that is missing", async () => {
  const target = new TestTarget();
  const initiator = await target.logIn({ InitialR2T: "No", ImmediateData: "No" });
  const missing = initiator.cmdSN;
  const data = Uint8Array.from({ length: 3 * BLOCK }, (_, i) => i);
  const fields = { write: true, length: data.length, final: false };
  const cmdSN = serialAdd(missing, 1);
  const tag = await initiator.command({ cdb: write10(0, 3), ...fields, cmdSN });
  await initiator.dataOut(tag, { final: false }, data.subarray(0, 700));
  await initiator.dataOut(tag, { dataSN: 1, bufferOffset: 700 }, data.subarray(700));
  await initiator.fence();
  const gap = await initiator.command({ cdb: TEST_UNIT_READY, cmdSN: missing });
  assert.equal((await initiator.result(gap)).status, Status.GOOD);
  assert.equal((await initiator.result(tag)).status, Status.GOOD);
  initiator.cmdSN = serialAdd(missing, 2);
  const read = await initiator.run({ cdb: read10(0, 3), read: true, length: data.length });
  assert.deepEqual(read.data, data);
  await target.close();
});

Deno.test("A89 A90: a command that has failed and waits for its data is aborted without a word", async () => {
  const target = new TestTarget();
  const initiator = await target.logIn({ ImmediateData: "No", InitialR2T: "No" });
  const data = new Uint8Array(BLOCK);
  const fields = { write: true, final: false, length: 4 * BLOCK, data };
  const tag = await initiator.command({ cdb: write10(0, 4), ...fields });
  await functionComplete(initiator, await initiator.manage({ functionCode: ABORT_TASK_SET }));
  await initiator.dataOut(tag, { bufferOffset: BLOCK }, new Uint8Array(3 * BLOCK));
  await initiator.fence();
  await target.close();
});

Deno.test("A46: held commands wait for room on their own connection, and overtake nothing", async () => {
  const target = new TestTarget();
  const one = await target.logIn({ MaxConnections: "2" });
  const [session] = target.target.sessions;
  const two = await joined(target, session!.tsih, 1);
  const first = one.cmdSN;
  const length = 200 << 10;
  two.stream.stopTaking();
  for (let i = 1; i <= 20; i++) {
    const data = new Uint8Array(length).fill(i);
    const fields = { immediate: false, cmdSN: serialAdd(first, i), initiatorTaskTag: i };
    await two.ping(data, fields);
  }
  const last = await one.command({ cdb: TEST_UNIT_READY, cmdSN: serialAdd(first, 21) });
  const gap = await one.command({ cdb: TEST_UNIT_READY, cmdSN: first });
  assert.equal((await one.result(gap)).status, Status.GOOD);
  await settle();
  assert.ok(target.server.lentBuffers < 10);
  target.clock.advance(11_000); // longer than a gap may stand
  target.server.tickNow();
  two.stream.takeAgain();
  for (let i = 1; i <= 20; i++) {
    const pdu = await two.receive();
    assert.equal(pdu?.opcode, Opcode.NOP_IN, "in their order");
    assert.equal(tagOf(pdu.header), i);
    assert.equal(pdu.data.length, length);
    assert.ok(pdu.data.every((octet) => octet === i));
  }
  assert.equal((await one.result(last)).status, Status.GOOD);
  await target.close();
});

Deno.test("A46: held commands of a connection that is gone hold up nobody else's", async () => {
  const target = new TestTarget();
  const one = await target.logIn({ MaxConnections: "2" });
  const [session] = target.target.sessions;
  const two = await joined(target, session!.tsih, 1);
  const first = one.cmdSN;
  two.stream.stopTaking();
  for (let i = 1; i <= 100; i++) {
    const fields = { immediate: false, cmdSN: serialAdd(first, i), initiatorTaskTag: i };
    await two.ping(new Uint8Array(16384), fields);
  }
  const last = await one.command({ cdb: TEST_UNIT_READY, cmdSN: serialAdd(first, 101) });
  const gap = await one.command({ cdb: TEST_UNIT_READY, cmdSN: first });
  assert.equal((await one.result(gap)).status, Status.GOOD);
  await settle();
  two.stream.close();
  assert.equal((await one.result(last)).status, Status.GOOD);
  await target.close();
});

Deno.test("A93: a cold reset closes every connection of the session that asked for it too", async () => {
  const target = new TestTarget();
  const one = await target.logIn({ MaxConnections: "2" });
  const [session] = target.target.sessions;
  const two = await joined(target, session!.tsih, 1);
  const tag = await one.manage({ functionCode: TaskManagementFunction.TARGET_COLD_RESET });
  await functionComplete(one, tag);
  assert.equal(await two.receive(), null);
  assert.equal(await one.receive(), null);
  assert.equal(target.target.sessions.size, 0);
  await target.close();
});

Deno.test("A17: two logins that replace the same connection at once leave one of them", async () => {
  const target = new TestTarget();
  await target.logIn({ MaxConnections: "2" });
  const [session] = target.target.sessions;
  const { tsih } = session!;
  const logins = Array.from({ length: 8 }, () => {
    const { initiator } = target.connect();
    return initiator.login(NAMES, { tsih, cid: 0 }).then(() => initiator);
  });
  const initiators = await Promise.all(logins);
  await settle();
  // All that remain are of one session, each under its own number.
  const open = [...session!.connections.values()].filter(({ state }) => state === "logged-in");
  assert.ok(open.length <= 1);
  assert.equal(target.server.connectionCount, open.length);
  for (const initiator of initiators) initiator.stream.close();
  await settle();
  assert.equal(target.target.sessions.size, 0);
  assert.equal(target.server.connectionCount, 0);
  await target.close();
});

Deno.test("A88: ORDERED commands behind an aborted one begin when its write is over", async () => {
  const { device, target, initiator, tag } = await stuckWrite();
  const behind = await initiator.command({
    cdb: TEST_UNIT_READY,
    attribute: TaskAttribute.ORDERED,
  });
  const abort = await initiator.manage({ functionCode: ABORT_TASK, referencedTaskTag: tag });
  await initiator.fence();
  device.releaseAll();
  assert.equal((await initiator.result(behind)).status, Status.GOOD);
  await functionComplete(initiator, abort);
  await target.close();
});

Deno.test("A46: an initiator that withholds its data holds up nobody else, whatever it orders", async () => {
  const target = new TestTarget();
  const hostile = await target.logIn({ ImmediateData: "No" });
  const other = await target.logIn({ InitiatorName: `${INITIATOR_NAME}.other` });
  await hostile.command({ cdb: write10(0, 1), write: true, length: BLOCK });
  assert.equal((await hostile.receive())?.opcode, Opcode.READY_TO_TRANSFER);
  await hostile.command({ cdb: TEST_UNIT_READY, attribute: TaskAttribute.ORDERED });
  await hostile.fence();
  for (const attribute of [TaskAttribute.SIMPLE, TaskAttribute.ORDERED]) {
    const read = { cdb: read10(0, 1), read: true, length: BLOCK, attribute };
    assert.equal((await other.run(read)).status, Status.GOOD);
  }
  await target.close();
});
