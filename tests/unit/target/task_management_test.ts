import assert from "node:assert/strict";
import { MemoryDevice } from "../../../lib/block/memory.ts";
import { Opcode } from "../../../lib/iscsi/opcode.ts";
import { ReadyToTransfer } from "../../../lib/iscsi/pdu/ready_to_transfer.ts";
import { TaskManagementFunction } from "../../../lib/iscsi/pdu/task_management_request.ts";
import {
  TaskManagementOutcome,
  TaskManagementResponse,
} from "../../../lib/iscsi/pdu/task_management_response.ts";
import { Status } from "../../../lib/scsi/status.ts";
import { serialAdd } from "../../../lib/wire/serial.ts";
import { GatedDevice } from "../../support/gated_device.ts";
import type { TestInitiator } from "../../support/test_initiator.ts";
import { TestTarget } from "../../support/test_target.ts";

const BLOCK = 512;
const TEST_UNIT_READY = new Uint8Array(6);
const OTHER = "iqn.2026-01.org.example:other";

function write10(lba: number, blocks: number): number[] {
  return [0x2a, 0, 0, 0, lba >> 8, lba & 255, 0, blocks >> 8, blocks & 255, 0];
}

function read10(lba: number, blocks: number): number[] {
  return [0x28, 0, 0, 0, lba >> 8, lba & 255, 0, blocks >> 8, blocks & 255, 0];
}

async function manage(
  initiator: TestInitiator,
  functionCode: number,
  fields: { referencedTaskTag?: number; refCmdSN?: number; cmdSN?: number; lun?: number } = {},
): Promise<number> {
  const { lun, ...rest } = fields;
  const tag = await initiator.manage({ functionCode, ...rest }, lun);
  const response = await initiator.expect(
    Opcode.TASK_MANAGEMENT_RESPONSE,
    TaskManagementResponse,
  );
  assert.equal(response.initiatorTaskTag, tag);
  initiator.expStatSN = serialAdd(response.statSN, 1);
  return response.response;
}

/** A write that waits for its data, with the tag that its R2T gave. */
async function beginWrite(initiator: TestInitiator, lba = 0) {
  const tag = await initiator.command({ cdb: write10(lba, 1), write: true, length: BLOCK });
  const r2t = await initiator.expect(Opcode.READY_TO_TRANSFER, ReadyToTransfer);
  return { tag, targetTransferTag: r2t.targetTransferTag };
}

async function readBlock(initiator: TestInitiator): Promise<Uint8Array> {
  return (await initiator.run({ cdb: read10(0, 1), read: true, length: BLOCK })).data;
}

Deno.test("A88 A89: an aborted write gets no response and its data reaches nothing", async () => {
  const target = new TestTarget();
  const initiator = await target.logIn({ ImmediateData: "No" });
  const { tag, targetTransferTag } = await beginWrite(initiator);
  const outcome = await manage(initiator, TaskManagementFunction.ABORT_TASK, {
    referencedTaskTag: tag,
  });
  assert.equal(outcome, TaskManagementOutcome.FUNCTION_COMPLETE);
  await initiator.dataOut(tag, { targetTransferTag }, new Uint8Array(BLOCK).fill(9));
  await initiator.fence();
  assert.deepEqual(await readBlock(initiator), new Uint8Array(BLOCK));
  await target.close();
});

Deno.test("A89: a write that is on its way to the medium is waited for before the abort is answered", async () => {
  const device = new GatedDevice(new MemoryDevice(1 << 16));
  const target = new TestTarget({ device });
  const initiator = await target.logIn();
  device.hold("write");
  const data = new Uint8Array(BLOCK).fill(5);
  const tag = await initiator.command({ cdb: write10(0, 1), write: true, length: BLOCK, data });
  await device.waiting(1);
  await initiator.manage({
    functionCode: TaskManagementFunction.ABORT_TASK,
    referencedTaskTag: tag,
  });
  await initiator.fence(); // no answer to the function yet
  device.releaseAll();
  const response = await initiator.expect(
    Opcode.TASK_MANAGEMENT_RESPONSE,
    TaskManagementResponse,
  );
  assert.equal(response.response, TaskManagementOutcome.FUNCTION_COMPLETE);
  initiator.expStatSN = serialAdd(response.statSN, 1);
  await initiator.fence();
  await target.close();
});

Deno.test("A88: ABORT TASK of a task that is over says that it does not exist", async () => {
  const target = new TestTarget();
  const initiator = await target.logIn();
  const refCmdSN = initiator.cmdSN;
  const tag = await initiator.command({ cdb: TEST_UNIT_READY });
  await initiator.result(tag);
  const outcome = await manage(initiator, TaskManagementFunction.ABORT_TASK, {
    referencedTaskTag: tag,
    refCmdSN,
  });
  assert.equal(outcome, TaskManagementOutcome.TASK_DOES_NOT_EXIST);
  await target.close();
});

Deno.test("A88: ABORT TASK of a command that has not come makes it count as received and dropped", async () => {
  const target = new TestTarget();
  const initiator = await target.logIn();
  const refCmdSN = initiator.cmdSN;
  const fields = { referencedTaskTag: 0x9999, refCmdSN };
  const { ABORT_TASK } = TaskManagementFunction;
  // A number that the function does not come after is none of a command that was sent before it.
  assert.equal(
    await manage(initiator, ABORT_TASK, fields),
    TaskManagementOutcome.TASK_DOES_NOT_EXIST,
  );
  const cmdSN = serialAdd(refCmdSN, 1);
  assert.equal(
    await manage(initiator, ABORT_TASK, { ...fields, cmdSN }),
    TaskManagementOutcome.FUNCTION_COMPLETE,
  );
  await initiator.command({ cdb: TEST_UNIT_READY, tag: 0x9999 });
  await initiator.fence();
  assert.equal((await initiator.run({ cdb: TEST_UNIT_READY })).status, Status.GOOD);
  await target.close();
});

Deno.test("A91: ABORT TASK SET leaves other nexuses alone", async () => {
  const target = new TestTarget();
  const one = await target.logIn({ ImmediateData: "No" });
  const two = await target.logIn({ ImmediateData: "No", InitiatorName: OTHER });
  await beginWrite(one);
  const theirs = await beginWrite(two);
  const outcome = await manage(one, TaskManagementFunction.ABORT_TASK_SET);
  assert.equal(outcome, TaskManagementOutcome.FUNCTION_COMPLETE);
  const data = new Uint8Array(BLOCK).fill(2);
  await two.dataOut(theirs.tag, { targetTransferTag: theirs.targetTransferTag }, data);
  assert.equal((await two.result(theirs.tag)).status, Status.GOOD);
  assert.deepEqual(await readBlock(two), data);
  await target.close();
});

Deno.test("A91: CLEAR TASK SET touches all nexuses and tells the others 2F/00", async () => {
  const target = new TestTarget();
  const one = await target.logIn({ ImmediateData: "No" });
  const two = await target.logIn({ ImmediateData: "No", InitiatorName: OTHER });
  await beginWrite(two);
  const outcome = await manage(one, TaskManagementFunction.CLEAR_TASK_SET);
  assert.equal(outcome, TaskManagementOutcome.FUNCTION_COMPLETE);
  const told = await two.run({ cdb: TEST_UNIT_READY });
  assert.equal(told.code, 0x2f00);
  assert.equal((await one.run({ cdb: TEST_UNIT_READY })).status, Status.GOOD);
  await target.close();
});

Deno.test("A90 A92: LOGICAL UNIT RESET ends all tasks and tells every nexus, the asker too", async () => {
  const device = new GatedDevice(new MemoryDevice(1 << 16));
  const target = new TestTarget({ device });
  const one = await target.logIn({ ImmediateData: "No" });
  const two = await target.logIn({ ImmediateData: "No", InitiatorName: OTHER });
  await beginWrite(one);
  device.hold("read");
  await two.command({ cdb: read10(0, 1), read: true, length: BLOCK });
  await device.waiting(1);
  await one.manage({ functionCode: TaskManagementFunction.LOGICAL_UNIT_RESET });
  await one.fence(); // not answered while a task of another nexus runs
  device.releaseAll();
  const response = await one.expect(Opcode.TASK_MANAGEMENT_RESPONSE, TaskManagementResponse);
  assert.equal(response.response, TaskManagementOutcome.FUNCTION_COMPLETE);
  one.expStatSN = serialAdd(response.statSN, 1);
  for (const each of [one, two]) {
    const told = await each.run({ cdb: TEST_UNIT_READY });
    assert.equal(told.key, 6);
    assert.equal(told.code >> 8, 0x29);
  }
  await target.close();
});

Deno.test("A92: LOGICAL UNIT RESET drops RESERVE(6) and keeps persistent reservations", async () => {
  const target = new TestTarget();
  const one = await target.logIn();
  const two = await target.logIn({ InitiatorName: OTHER });
  assert.equal((await one.run({ cdb: [0x16, 0, 0, 0, 0, 0] })).status, Status.GOOD);
  assert.equal(
    (await two.run({ cdb: TEST_UNIT_READY })).status,
    Status.RESERVATION_CONFLICT,
  );
  await manage(two, TaskManagementFunction.LOGICAL_UNIT_RESET);
  await two.run({ cdb: TEST_UNIT_READY });
  assert.equal((await two.run({ cdb: TEST_UNIT_READY })).status, Status.GOOD);
  await target.close();
});

Deno.test("A92: TARGET WARM RESET resets every logical unit", async () => {
  const target = new TestTarget();
  const initiator = await target.logIn({ ImmediateData: "No" });
  await beginWrite(initiator);
  const outcome = await manage(initiator, TaskManagementFunction.TARGET_WARM_RESET);
  assert.equal(outcome, TaskManagementOutcome.FUNCTION_COMPLETE);
  assert.equal((await initiator.run({ cdb: TEST_UNIT_READY })).code >> 8, 0x29);
  await target.close();
});

Deno.test("A93: TARGET COLD RESET answers, then closes every connection of the target", async () => {
  const target = new TestTarget();
  const one = await target.logIn();
  const two = await target.logIn({ InitiatorName: OTHER });
  const outcome = await manage(one, TaskManagementFunction.TARGET_COLD_RESET);
  assert.equal(outcome, TaskManagementOutcome.FUNCTION_COMPLETE);
  assert.equal(await one.receive(), null);
  assert.equal((await two.receive())?.opcode, Opcode.ASYNC_MESSAGE);
  assert.equal(await two.receive(), null);
  const again = await target.logIn();
  assert.equal((await again.run({ cdb: TEST_UNIT_READY })).status, Status.GOOD);
  await target.close();
});

Deno.test("A94: unknown LUNs, unknown functions and TASK REASSIGN have their own answers", async () => {
  const target = new TestTarget();
  const initiator = await target.logIn();
  const { ABORT_TASK_SET, LOGICAL_UNIT_RESET, TASK_REASSIGN } = TaskManagementFunction;
  for (const code of [ABORT_TASK_SET, LOGICAL_UNIT_RESET]) {
    const outcome = await manage(initiator, code, { lun: 5 });
    assert.equal(outcome, TaskManagementOutcome.LUN_DOES_NOT_EXIST);
  }
  assert.equal(
    await manage(initiator, TASK_REASSIGN),
    TaskManagementOutcome.TASK_ALLEGIANCE_REASSIGNMENT_NOT_SUPPORTED,
  );
  assert.equal(
    await manage(initiator, 99),
    TaskManagementOutcome.FUNCTION_NOT_SUPPORTED,
  );
  await target.close();
});

Deno.test("A95: task management passes a full window and a stuck disk", async () => {
  const device = new GatedDevice(new MemoryDevice(1 << 16));
  const target = new TestTarget({ device, limits: { commandsOfSession: 2 } });
  const initiator = await target.logIn();
  device.hold("read");
  const fields = { cdb: read10(0, 1), read: true, length: BLOCK };
  await initiator.command(fields);
  await initiator.command(fields);
  await device.waiting(2);
  const outcome = await manage(initiator, TaskManagementFunction.ABORT_TASK_SET, { lun: 7 });
  assert.equal(outcome, TaskManagementOutcome.LUN_DOES_NOT_EXIST);
  device.releaseAll();
  await target.close();
});
