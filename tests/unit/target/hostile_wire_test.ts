import assert from "node:assert/strict";
import { MemoryDevice } from "../../../lib/block/memory.ts";
import { FaultyDevice } from "../../../lib/block/faulty.ts";
import { Opcode } from "../../../lib/iscsi/opcode.ts";
import { AsyncEvent, AsyncMessage } from "../../../lib/iscsi/pdu/async_message.ts";
import { ReadyToTransfer } from "../../../lib/iscsi/pdu/ready_to_transfer.ts";
import { Status } from "../../../lib/scsi/status.ts";
import { GatedDevice } from "../../support/gated_device.ts";
import type { TestInitiator } from "../../support/test_initiator.ts";
import { INITIATOR_NAME, TestTarget } from "../../support/test_target.ts";

const BLOCK = 512;
const TEST_UNIT_READY = new Uint8Array(6);
const HARDWARE_OR_MEDIUM = [0x03, 0x04];

function read10(lba: number, blocks: number): number[] {
  return [0x28, 0, 0, 0, lba >> 8, lba & 255, 0, blocks >> 8, blocks & 255, 0];
}

function write10(lba: number, blocks: number, flags = 0): number[] {
  return [0x2a, flags, 0, 0, lba >> 8, lba & 255, 0, blocks >> 8, blocks & 255, 0];
}

/** PERSISTENT RESERVE OUT with its parameter list. */
function reserveOut(serviceAction: number, type: number, keys: readonly [number, number]) {
  const data = new Uint8Array(24);
  const view = new DataView(data.buffer);
  view.setBigUint64(0, BigInt(keys[0]));
  view.setBigUint64(8, BigInt(keys[1]));
  const cdb = [0x5f, serviceAction, type, 0, 0, 0, 0, 0, data.length, 0];
  return { cdb, write: true, length: data.length, data };
}

function write(lba: number, octet: number) {
  const data = new Uint8Array(BLOCK).fill(octet);
  return { cdb: write10(lba, 1), write: true, length: BLOCK, data };
}

async function readBlock(initiator: TestInitiator, lba: number): Promise<Uint8Array> {
  return (await initiator.run({ cdb: read10(lba, 1), read: true, length: BLOCK })).data;
}

Deno.test("A124: a failed flush is told, and no later flush or write claims success", async () => {
  const device = new FaultyDevice(new MemoryDevice(1 << 16));
  const target = new TestTarget({ device });
  const initiator = await target.logIn();
  assert.equal((await initiator.run(write(0, 1))).status, Status.GOOD);
  device.inject({ operation: "flush", kind: "medium" });
  const sync = { cdb: [0x35, 0, 0, 0, 0, 0, 0, 0, 0, 0] };
  for (const command of [sync, sync, write(1, 2), { ...write(1, 2), cdb: write10(1, 1, 8) }]) {
    const result = await initiator.run(command);
    assert.equal(result.status, Status.CHECK_CONDITION);
    assert.ok(HARDWARE_OR_MEDIUM.includes(result.key), `sense key ${result.key}`);
    assert.equal(result.code, 0x0c00);
  }
  assert.deepEqual(await readBlock(initiator, 0), new Uint8Array(BLOCK).fill(1));
  // Another session finds the same, and reads go on.
  const other = await target.logIn({ InitiatorName: `${INITIATOR_NAME}.other` });
  assert.equal((await other.run(write(2, 3))).status, Status.CHECK_CONDITION);
  assert.deepEqual(await readBlock(other, 2), new Uint8Array(BLOCK));
  await target.close();
});

Deno.test("A107: a medium that is gone answers NOT READY, and no zeros", async () => {
  const target = new TestTarget();
  const initiator = await target.logIn();
  target.unit.medium.available = false;
  const read = { cdb: read10(0, 1), read: true, length: BLOCK };
  for (const command of [{ cdb: TEST_UNIT_READY }, read, write(0, 1)]) {
    const result = await initiator.run(command);
    assert.equal(result.status, Status.CHECK_CONDITION);
    assert.equal(result.key, 0x02);
    assert.equal(result.data.length, 0);
  }
  target.unit.medium.available = true;
  assert.equal((await initiator.run(read)).status, Status.GOOD);
  await target.close();
});

Deno.test("A85: a target that is removed tells its sessions and ends them, and no others", async () => {
  const target = new TestTarget();
  const initiator = await target.logIn();
  const discovery = target.connect().initiator;
  await discovery.login({ InitiatorName: INITIATOR_NAME, SessionType: "Discovery" });
  await target.node.removeTarget(target.target);
  const message = await initiator.expect(Opcode.ASYNC_MESSAGE, AsyncMessage);
  assert.equal(message.asyncEvent, AsyncEvent.SESSION_DROPPED);
  assert.equal(message.statSN, initiator.expStatSN);
  assert.equal(await initiator.receive(), null);
  await discovery.fence();
  await target.close();
});

Deno.test("A135: of a writer that is fenced over the wire nothing lands after GOOD", async () => {
  for (let round = 0; round < 20; round++) await fence(round);
});

/** One race of PREEMPT AND ABORT with writes in every state that a write can be in. */
async function fence(round: number): Promise<void> {
  const medium = new MemoryDevice(1 << 16);
  const device = new GatedDevice(medium);
  const target = new TestTarget({ device });
  const victim = await target.logIn({
    InitiatorName: `${INITIATOR_NAME}.victim`,
    ImmediateData: "Yes",
    MaxBurstLength: "512",
    MaxOutstandingR2T: "1",
  });
  const keeper = await target.logIn();
  assert.equal((await victim.run(reserveOut(0, 0, [0, 0xa]))).status, Status.GOOD);
  assert.equal((await keeper.run(reserveOut(0, 0, [0, 0xb]))).status, Status.GOOD);
  assert.equal((await victim.run(reserveOut(1, 1, [0xa, 0]))).status, Status.GOOD);
  if (round % 2 === 0) device.hold("write");
  const asked: { readonly tag: number; readonly ttt: number; readonly at: number }[] = [];
  for (let i = 0; i < 8; i++) await victim.command(write(i, 0xee));
  for (let i = 8; i < 16; i++) {
    await victim.command({ cdb: write10(i, 4), write: true, length: 4 * BLOCK });
  }
  // R2Ts of some of them; their data is sent after the fence.
  for (let i = 0; i < (round % 2 === 0 ? 8 : 16); i++) {
    const pdu = await victim.receive();
    if (pdu?.opcode !== Opcode.READY_TO_TRANSFER) continue;
    const r2t = pdu.as(ReadyToTransfer);
    asked.push({
      tag: r2t.initiatorTaskTag,
      ttt: r2t.targetTransferTag,
      at: r2t.bufferOffset,
    });
  }
  const preempt = await keeper.command(reserveOut(5, 1, [0xb, 0xa]));
  for (let i = 0; i < round; i++) await Promise.resolve();
  device.releaseAll();
  const result = await keeper.result(preempt);
  assert.equal(result.status, Status.GOOD);
  const fenced = new Uint8Array(1 << 16);
  medium.readNow(0, fenced, 0, fenced.length);
  for (const { tag, ttt, at } of asked) {
    const fields = { targetTransferTag: ttt, bufferOffset: at };
    await victim.dataOut(tag, fields, new Uint8Array(BLOCK).fill(0xdd));
  }
  for (let i = 0; i < 8; i++) await victim.command(write(i, 0xcc));
  for (let i = 0; i < 30; i++) await new Promise((resolve) => setImmediate(resolve));
  const after = new Uint8Array(1 << 16);
  medium.readNow(0, after, 0, after.length);
  assert.deepEqual(after, fenced, "nothing of the victim lands after GOOD");
  await target.close();
}

Deno.test("A150: a disk that does not answer keeps the service from its end for a while only", async () => {
  const device = new GatedDevice(new MemoryDevice(1 << 16));
  const target = new TestTarget({ device });
  const initiator = await target.logIn();
  device.hold("write");
  await initiator.command(write(0, 1));
  await device.waiting(1);
  let isClosed = false;
  const closed = target.server.close({ drainMs: 0 }).then(() => isClosed = true);
  for (let i = 0; i < 10; i++) await Promise.resolve();
  assert.equal(isClosed, false, "the write is waited for");
  target.clock.advance(6000);
  await closed;
  assert.equal(target.server.connectionCount, 0);
  assert.deepEqual(target.log.filter(({ level }) => level === "warn").map(({ facts }) => facts), [
    { initiator: INITIATOR_NAME, count: 1 },
  ]);
  device.releaseAll();
});
