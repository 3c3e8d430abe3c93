import assert from "node:assert/strict";
import { MemoryDevice } from "../../../../lib/block/memory.ts";
import {
  GetLbaStatusData,
  LbaStatusDescriptor,
} from "../../../../lib/scsi/commands/get_lba_status.ts";
import { Status } from "../../../../lib/scsi/status.ts";
import {
  cdb,
  getLbaStatusCdb,
  Op,
  pattern,
  unmapCdb,
  unmapList,
} from "../../../support/block_commands.ts";
import { run, unitOf } from "../../../support/scsi.ts";

/** Descriptors as `LBA+count status`. */
function descriptors(data: Uint8Array): string[] {
  const header = new GetLbaStatusData(data);
  assert.equal(header.parameterDataLength, data.length - 4);
  const all: string[] = [];
  for (let at = 8; at < data.length; at += LbaStatusDescriptor.length) {
    const each = new LbaStatusDescriptor(data, at);
    const status = ["mapped", "deallocated"][each.provisioningStatus];
    all.push(`${each.logicalBlockAddress}+${each.blockCount} ${status}`);
  }
  return all;
}

function unitOfMemory(size: number, blockLength = 512) {
  return unitOf({ device: new MemoryDevice(size), blockLength });
}

Deno.test("A121 GET LBA STATUS: the first descriptor begins at the block that is asked for", async () => {
  const unit = unitOfMemory(1 << 20);
  await run(unit, cdb(Op.WRITE, 100, 50), { dataOut: pattern(50 * 512) });
  const expected: [number, string[]][] = [
    [0, ["0+100 deallocated", "100+50 mapped", "150+1898 deallocated"]],
    [99, ["99+1 deallocated", "100+50 mapped", "150+1898 deallocated"]],
    [100, ["100+50 mapped", "150+1898 deallocated"]],
    [149, ["149+1 mapped", "150+1898 deallocated"]],
    [2047, ["2047+1 deallocated"]],
  ];
  for (const [lba, wanted] of expected) {
    const { status, data } = await run(unit, getLbaStatusCdb(lba, 4096));
    assert.equal(status, Status.GOOD);
    assert.deepEqual(descriptors(data), wanted);
  }
});

Deno.test("A121 GET LBA STATUS: there is one descriptor, cut to the allocation length", async () => {
  const unit = unitOfMemory(1 << 20);
  await run(unit, cdb(Op.WRITE, 3, 1), { dataOut: pattern(512) });
  const whole = (await run(unit, getLbaStatusCdb(3, 24))).data;
  assert.deepEqual(descriptors(whole), ["3+1 mapped"]);
  for (let length = 0; length < 24; length++) {
    const { status, data } = await run(unit, getLbaStatusCdb(3, length));
    assert.equal(status, Status.GOOD);
    assert.deepEqual(data, whole.subarray(0, length));
  }
  assert.equal((await run(unit, getLbaStatusCdb(3, 39))).data.length, 24);
  assert.equal((await run(unit, getLbaStatusCdb(3, 40))).data.length, 40);
});

Deno.test("A121 GET LBA STATUS: what is deallocated reads as zeros, what is written is mapped", async () => {
  const unit = unitOfMemory(1 << 20);
  for (const lba of [0, 7, 8, 500, 2047]) {
    await run(unit, cdb(Op.WRITE, lba, 1), { dataOut: pattern(512) });
  }
  const list = unmapList([7, 1], [500, 1]);
  await run(unit, unmapCdb(list.length), { dataOut: list });
  const { data } = await run(unit, getLbaStatusCdb(0, 4096));
  const mapped = descriptors(data).filter((each) => each.endsWith(" mapped"));
  assert.deepEqual(mapped, ["0+1 mapped", "8+1 mapped", "2047+1 mapped"]);
});

Deno.test("A121 GET LBA STATUS: every block of a unit that is not thin is mapped", async () => {
  const unit = unitOf({ unmap: false });
  const { data } = await run(unit, getLbaStatusCdb(2000, 4096));
  assert.deepEqual(descriptors(data), ["2000+48 mapped"]);
});

Deno.test("A121 GET LBA STATUS: runs of more than 2^32-1 blocks are told in pieces", async () => {
  const unit = unitOfMemory(2 ** 42);
  const { data } = await run(unit, getLbaStatusCdb(5, 4096));
  assert.equal(descriptors(data)[0], "5+4294967295 deallocated");
  const counts = descriptors(data).map((each) => Number(/\+(\d+)/.exec(each)![1]));
  assert.equal(counts.reduce((sum, count) => sum + count), 2 ** 33 - 5);
  assert.ok(counts.every((count) => count <= 0xffff_ffff));
});

Deno.test("A121 GET LBA STATUS: a block is mapped if any octet of it is", async () => {
  const unit = unitOfMemory(1 << 20, 4096);
  unit.device.writeNow(4096 * 3 + 3584, pattern(512), 0, 512);
  unit.device.writeNow(4096 * 5, pattern(512), 0, 512);
  const { data } = await run(unit, getLbaStatusCdb(0, 4096));
  assert.deepEqual(descriptors(data), [
    "0+3 deallocated",
    "3+1 mapped",
    "4+1 deallocated",
    "5+1 mapped",
    "6+250 deallocated",
  ]);
  assert.deepEqual(descriptors((await run(unit, getLbaStatusCdb(3, 24))).data), ["3+1 mapped"]);
});
