import assert from "node:assert/strict";
import { MemoryDevice } from "../../../lib/block/memory.ts";
import { Opcode } from "../../../lib/iscsi/opcode.ts";
import { ReadyToTransfer } from "../../../lib/iscsi/pdu/ready_to_transfer.ts";
import { Reject, RejectReason } from "../../../lib/iscsi/pdu/reject.ts";
import { Status } from "../../../lib/scsi/status.ts";
import { TaskAttribute } from "../../../lib/scsi/task.ts";
import { GatedDevice } from "../../support/gated_device.ts";
import { TestTarget } from "../../support/test_target.ts";

const BLOCK = 512;
const TEST_UNIT_READY = new Uint8Array(6);
const EVIL = new Uint8Array(BLOCK).fill(0xee);

function read10(lba: number, blocks: number): number[] {
  return [0x28, 0, 0, 0, lba >> 8, lba & 255, 0, blocks >> 8, blocks & 255, 0];
}

function write10(lba: number, blocks: number): number[] {
  return [0x2a, 0, 0, 0, lba >> 8, lba & 255, 0, blocks >> 8, blocks & 255, 0];
}

function contentOf(device: MemoryDevice): Uint8Array {
  const octets = new Uint8Array(device.size);
  device.readNow(0, octets, 0, octets.length);
  return octets;
}

/** A target whose medium stands still, and what lies on it. */
function gated() {
  const medium = new MemoryDevice(1 << 16);
  const device = new GatedDevice(medium);
  return { medium, device, target: new TestTarget({ device }) };
}

Deno.test("A59 A68: data for a command that reads reaches nothing, however it was announced", async () => {
  const { medium, device, target } = gated();
  const initiator = await target.logIn({ InitialR2T: "No" });
  device.hold("read");
  const tag = await initiator.command({
    cdb: read10(0, 4),
    read: true,
    write: true,
    final: false,
    length: 4 * BLOCK,
  });
  await device.waiting(1);
  await initiator.dataOut(tag, { final: false }, EVIL);
  await initiator.dataOut(tag, { dataSN: 1, bufferOffset: BLOCK }, EVIL);
  await initiator.fence();
  device.releaseAll();
  const result = await initiator.result(tag);
  assert.equal(result.status, Status.GOOD);
  assert.deepEqual(result.data, new Uint8Array(4 * BLOCK));
  assert.deepEqual(contentOf(medium), new Uint8Array(medium.size));
  await initiator.fence();
  await target.close();
});

Deno.test("A59 A68: the status of a read comes after the data that was announced with it", async () => {
  const { medium, target } = gated();
  const initiator = await target.logIn({ InitialR2T: "No" });
  const fields = { read: true, write: true, final: false, length: BLOCK };
  const tag = await initiator.command({ cdb: read10(0, 1), ...fields });
  const data = await initiator.receive();
  assert.equal(data?.opcode, Opcode.DATA_IN);
  await initiator.fence();
  await initiator.dataOut(tag, {}, EVIL);
  assert.equal((await initiator.result(tag)).status, Status.GOOD);
  assert.deepEqual(contentOf(medium), new Uint8Array(medium.size));
  await target.close();
});

Deno.test("A59: data for a command that has all of its own is rejected, and the command goes on", async () => {
  const { device, target } = gated();
  const initiator = await target.logIn();
  device.hold("read");
  const tag = await initiator.command({ cdb: read10(0, 1), read: true, length: BLOCK });
  await device.waiting(1);
  await initiator.dataOut(tag, {}, EVIL);
  const reject = await initiator.expect(Opcode.REJECT, Reject);
  assert.equal(reject.reason, RejectReason.PROTOCOL_ERROR);
  initiator.expStatSN = (reject.statSN + 1) >>> 0;
  device.releaseAll();
  assert.equal((await initiator.result(tag)).status, Status.GOOD);
  await initiator.fence(); // and there is no second status
  await target.close();
});

Deno.test("A59: data for a read that waits for room is rejected, and the read ends once", async () => {
  const target = new TestTarget({ size: 4 << 20 });
  const initiator = await target.logIn();
  initiator.stream.stopTaking();
  const length = 2 << 20;
  const tag = await initiator.command({ cdb: read10(0, length / BLOCK), read: true, length });
  await initiator.dataOut(tag, {}, EVIL);
  initiator.stream.takeAgain();
  let rejects = 0;
  let received = 0;
  for (let isOver = false; !isOver;) {
    const pdu = await initiator.receive();
    assert.ok(pdu !== null);
    if (pdu.opcode === Opcode.REJECT) rejects++;
    else received += pdu.data.length;
    isOver = pdu.opcode === Opcode.DATA_IN && (pdu.header[1]! & 1) === 1;
  }
  assert.equal(rejects, 1);
  assert.equal(received, length);
  initiator.expStatSN = (initiator.expStatSN + 2) >>> 0;
  await initiator.fence();
  await target.close();
});

Deno.test("A59: a write that fails while it waits for its turn writes nothing when that comes", async () => {
  const { medium, device, target } = gated();
  const initiator = await target.logIn({ InitialR2T: "No" });
  device.hold("read");
  const before = await initiator.command({ cdb: read10(0, 1), read: true, length: BLOCK });
  await device.waiting(1);
  const tag = await initiator.command({
    cdb: write10(8, 3),
    write: true,
    length: 3 * BLOCK,
    data: EVIL,
    final: false,
    attribute: TaskAttribute.ORDERED,
  });
  await initiator.dataOut(tag, { final: false, dataSN: 5, bufferOffset: BLOCK }, EVIL);
  await initiator.fence();
  device.releaseAll();
  assert.equal((await initiator.result(before)).status, Status.GOOD);
  await initiator.dataOut(tag, { dataSN: 1, bufferOffset: BLOCK }, EVIL);
  assert.equal((await initiator.result(tag)).status, Status.CHECK_CONDITION);
  assert.deepEqual(contentOf(medium), new Uint8Array(medium.size));
  await initiator.fence();
  await target.close();
});

Deno.test("A60: R2Ts that find no room wait for it, whoever's command made way for them", async () => {
  const device = new GatedDevice(new MemoryDevice(1 << 20));
  const target = new TestTarget({ device });
  const other = new TestTarget();
  target.luns.set(1, { unit: other.unit, readOnly: false });
  const initiator = await target.logIn({
    ImmediateData: "No",
    MaxBurstLength: "512",
    MaxOutstandingR2T: "8",
  });
  device.hold("flush");
  const length = 8 * BLOCK;
  const flush = await initiator.command({ cdb: [0x35, 0, 0, 0, 0, 0, 0, 0, 0, 0] });
  await device.waiting(1);
  const ordered = { cdb: TEST_UNIT_READY, attribute: TaskAttribute.ORDERED };
  const barrier = await initiator.command(ordered);
  const writes: number[] = [];
  for (let i = 0; i < 100; i++) {
    writes.push(await initiator.command({ cdb: write10(8 * i, 8), write: true, length }));
  }
  // Two outboxes full of data of another unit: one that is being written, one behind it.
  await initiator.run({ cdb: TEST_UNIT_READY, lun: 1 });
  initiator.stream.stopTaking();
  const reads: number[] = [];
  for (let i = 0; i < 3; i++) {
    reads.push(
      await initiator.command({
        cdb: read10(0, 2048),
        read: true,
        length: 2048 * BLOCK,
        lun: 1,
      }),
    );
  }
  await settle();
  device.releaseAll();
  await settle();
  initiator.stream.takeAgain();
  const open = new Set([flush, barrier, ...writes, ...reads]);
  while (open.size > 0) {
    const pdu = await initiator.receive();
    assert.ok(pdu !== null, "the connection lives on");
    const tag = new DataView(pdu.header.buffer, pdu.header.byteOffset).getUint32(16);
    if (pdu.opcode === Opcode.READY_TO_TRANSFER) {
      const { bufferOffset, targetTransferTag } = pdu.as(ReadyToTransfer);
      await initiator.dataOut(tag, { bufferOffset, targetTransferTag }, EVIL);
    } else if (pdu.opcode === Opcode.SCSI_RESPONSE || (pdu.header[1]! & 1) === 1) {
      assert.ok(open.delete(tag), "one status for each command");
    }
  }
  assert.equal(target.log.filter(({ level }) => level === "error").length, 0);
  await target.close();
});

/** Lets everything happen that waits for nothing but its turn. */
async function settle(): Promise<void> {
  for (let i = 0; i < 50; i++) await new Promise((resolve) => setImmediate(resolve));
}
