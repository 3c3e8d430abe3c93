import assert from "node:assert/strict";
import type { BlockDevice } from "../../../lib/block/device.ts";
import { MemoryDevice } from "../../../lib/block/memory.ts";
import { Opcode } from "../../../lib/iscsi/opcode.ts";
import { ReadyToTransfer } from "../../../lib/iscsi/pdu/ready_to_transfer.ts";
import { Status } from "../../../lib/scsi/status.ts";
import { GatedDevice } from "../../support/gated_device.ts";
import {
  PREEMPT,
  PREEMPT_AND_ABORT,
  REGISTER_AND_IGNORE,
  RESERVE,
  type ReserveOut,
  reserveOutCdb,
  reserveOutList,
  TestStore,
  WERO,
} from "../../support/reservations.ts";
import type { CommandResult, TestInitiator } from "../../support/test_initiator.ts";
import { TestTarget, type TestTargetOptions } from "../../support/test_target.ts";

const { GOOD, CHECK_CONDITION, RESERVATION_CONFLICT } = Status;
const BLOCK = 512;
const SIZE = 1 << 16;
const COMMANDS_CLEARED = 0x2f00;
const REGISTRATIONS_PREEMPTED = 0x2a05;
const TEST_UNIT_READY = new Uint8Array(6);

function write10(lba: number, blocks = 1): number[] {
  return [0x2a, 0, 0, 0, lba >> 8, lba & 255, 0, blocks >> 8, blocks & 255, 0];
}

function reserveOut(action: number, options: ReserveOut) {
  const data = reserveOutList(options);
  return { cdb: reserveOutCdb(action, options, 24), write: true, length: 24, data };
}

const FENCE = { key: 2n, actionKey: 1n, type: WERO };

/** A cluster of two: the victim, who holds the reservation, and the one that fences it. */
async function clusterOf(device: BlockDevice, options: TestTargetOptions = {}) {
  const target = new TestTarget({ ...options, device });
  const victim = await target.logIn({
    InitiatorName: "iqn.2026-01.org.example:victim",
    ImmediateData: "Yes",
  });
  const fencer = await target.logIn({ InitiatorName: "iqn.2026-01.org.example:fencer" });
  for (const [key, initiator] of [[1n, victim], [2n, fencer]] as const) {
    await initiator.run(reserveOut(REGISTER_AND_IGNORE, { actionKey: key }));
  }
  await victim.run(reserveOut(RESERVE, { key: 1n, type: WERO }));
  return { target, victim, fencer };
}

/** A block that the victim writes, and that is never zero. */
function blockOf(value: number): Uint8Array {
  return new Uint8Array(BLOCK).fill((value % 255) + 1);
}

function beginWrite(victim: TestInitiator, lba: number): Promise<number> {
  return victim.command({ cdb: write10(lba), write: true, length: BLOCK, data: blockOf(lba) });
}

async function contentOf(device: BlockDevice): Promise<Uint8Array> {
  const octets = new Uint8Array(SIZE);
  await device.read(0, octets, 0, SIZE);
  return octets;
}

/** Whatever else is to be told comes first. */
async function codesOf(initiator: TestInitiator): Promise<number[]> {
  const codes: number[] = [];
  for (;;) {
    const { status, code } = await initiator.run({ cdb: TEST_UNIT_READY });
    if (status !== CHECK_CONDITION) return codes;
    codes.push(code);
  }
}

Deno.test("A135: PREEMPT AND ABORT is answered when a write under way has reached the medium", async () => {
  const memory = new MemoryDevice(SIZE);
  const device = new GatedDevice(memory);
  const { target, victim, fencer } = await clusterOf(device);
  device.hold("write");
  await beginWrite(victim, 3);
  await device.waiting(1);

  let answered = false;
  const tag = await fencer.command(reserveOut(PREEMPT_AND_ABORT, FENCE));
  const fencing = fencer.result(tag).then((result) => {
    answered = true;
    return result;
  });
  for (let i = 0; i < 200; i++) await Promise.resolve();
  assert.equal(answered, false);
  assert.deepEqual(await contentOf(memory), new Uint8Array(SIZE));
  device.releaseAll();
  assert.equal((await fencing).status, GOOD);
  assert.deepEqual((await contentOf(memory)).subarray(3 * BLOCK, 4 * BLOCK), blockOf(3));
  await target.close();
});

Deno.test("A135: data that a preempted write was asked for reaches nothing after GOOD", async () => {
  const device = new MemoryDevice(SIZE);
  const { target, victim, fencer } = await clusterOf(device);
  const tag = await victim.command({ cdb: write10(5, 2), write: true, length: 2 * BLOCK });
  const { targetTransferTag } = await victim.expect(Opcode.READY_TO_TRANSFER, ReadyToTransfer);
  assert.equal((await fencer.run(reserveOut(PREEMPT_AND_ABORT, FENCE))).status, GOOD);
  await victim.dataOut(tag, { targetTransferTag }, new Uint8Array(2 * BLOCK).fill(7));
  assert.deepEqual(await codesOf(victim), [REGISTRATIONS_PREEMPTED, COMMANDS_CLEARED]);
  assert.deepEqual(await contentOf(device), new Uint8Array(SIZE));
  await target.close();
});

Deno.test("A135: PREEMPT without ABORT lets a write go on that had begun", async () => {
  const device = new MemoryDevice(SIZE);
  const { target, victim, fencer } = await clusterOf(device);
  const tag = await victim.command({ cdb: write10(5), write: true, length: BLOCK });
  const { targetTransferTag } = await victim.expect(Opcode.READY_TO_TRANSFER, ReadyToTransfer);
  assert.equal((await fencer.run(reserveOut(PREEMPT, FENCE))).status, GOOD);
  await victim.dataOut(tag, { targetTransferTag }, blockOf(5));
  assert.equal((await victim.result(tag)).status, GOOD);
  assert.deepEqual(await codesOf(victim), [REGISTRATIONS_PREEMPTED]);
  const { status } = await victim.run({
    cdb: write10(6),
    write: true,
    length: BLOCK,
    data: blockOf(6),
  });
  assert.equal(status, RESERVATION_CONFLICT);
  await target.close();
});

Deno.test("A135: a PREEMPT AND ABORT that aborts nothing does not speak of aborted commands", async () => {
  const { target, victim, fencer } = await clusterOf(new MemoryDevice(SIZE));
  assert.equal((await fencer.run(reserveOut(PREEMPT_AND_ABORT, FENCE))).status, GOOD);
  assert.deepEqual(await codesOf(victim), [REGISTRATIONS_PREEMPTED]);
  assert.deepEqual(await codesOf(fencer), []);
  await target.close();
});

Deno.test("A135: commands of a nexus that is not preempted go on", async () => {
  const device = new MemoryDevice(SIZE);
  const { target, fencer } = await clusterOf(device);
  const bystander = await target.logIn({ InitiatorName: "iqn.2026-01.org.example:third" });
  await bystander.run(reserveOut(REGISTER_AND_IGNORE, { actionKey: 3n }));
  const tag = await bystander.command({ cdb: write10(9), write: true, length: BLOCK });
  const { targetTransferTag } = await bystander.expect(Opcode.READY_TO_TRANSFER, ReadyToTransfer);
  assert.equal((await fencer.run(reserveOut(PREEMPT_AND_ABORT, FENCE))).status, GOOD);
  await bystander.dataOut(tag, { targetTransferTag }, blockOf(9));
  assert.equal((await bystander.result(tag)).status, GOOD);
  await target.close();
});

/** Takes what comes until nothing does, and sends the data that any R2T asked for. */
async function answerAll(victim: TestInitiator): Promise<void> {
  const tag = await victim.ping(new Uint8Array(0));
  for (;;) {
    const pdu = await victim.receive();
    assert.ok(pdu !== null);
    if (pdu.opcode === Opcode.NOP_IN && pdu.header[19] === (tag & 0xff)) return;
    if (pdu.opcode !== Opcode.READY_TO_TRANSFER) continue;
    const { initiatorTaskTag, targetTransferTag } = pdu.as(ReadyToTransfer);
    await victim.dataOut(initiatorTaskTag, { targetTransferTag }, new Uint8Array(BLOCK).fill(9));
  }
}

/** The result, where it comes without anything else being done. */
async function soon<T>(result: Promise<T>): Promise<T | undefined> {
  let found: T | undefined;
  result.then((value) => found = value);
  for (let i = 0; i < 100; i++) await Promise.resolve();
  return found;
}

Deno.test("A135: a writer that floods the unit while it is fenced writes nothing after GOOD", async () => {
  for (const aptpl of [false, true]) {
    for (let moment = 0; moment < 24; moment++) {
      const memory = new MemoryDevice(SIZE);
      const device = new GatedDevice(memory);
      const store = new TestStore();
      const { target, victim, fencer } = await clusterOf(device, {
        unit: { reservationStore: store },
      });
      const rekey = reserveOut(REGISTER_AND_IGNORE, { actionKey: 2n, aptpl });
      assert.equal((await fencer.run(rekey)).status, GOOD);

      let fenced: Promise<CommandResult> | undefined;
      for (let lba = 0; lba < 24; lba++) {
        if (lba === moment) {
          const tag = await fencer.command(reserveOut(PREEMPT_AND_ABORT, FENCE));
          fenced = fencer.result(tag);
        }
        // Some go straight to the medium, some are held there, some wait for their data.
        if (lba % 8 === 3) device.hold("write");
        if (lba % 8 === 6 && fenced === undefined) device.releaseAll();
        if (lba % 5 === 4) {
          await victim.command({ cdb: write10(lba), write: true, length: BLOCK });
        } else {
          await beginWrite(victim, lba);
        }
        for (let i = 0; i < moment % 4; i++) await Promise.resolve();
      }
      if (await soon(fenced!) === undefined) device.releaseAll();
      assert.equal((await fenced!).status, GOOD);
      const atGood = await contentOf(memory);
      device.releaseAll();
      for (let lba = 32; lba < 40; lba++) await beginWrite(victim, lba);
      await answerAll(victim);
      await victim.fence();
      assert.deepEqual(await contentOf(memory), atGood, `fenced at ${moment}`);
      assert.deepEqual(atGood.subarray(32 * BLOCK, 40 * BLOCK), new Uint8Array(8 * BLOCK));
      assert.equal(store.saved !== undefined, aptpl);
      await target.close();
    }
  }
});
