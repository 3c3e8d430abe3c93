import assert from "node:assert/strict";
import { DeviceError } from "../../../../lib/block/device.ts";
import { MemoryDevice } from "../../../../lib/block/memory.ts";
import { begin, finish } from "../../../../lib/scsi/device_server.ts";
import { Status } from "../../../../lib/scsi/status.ts";
import { Step } from "../../../../lib/scsi/task.ts";
import {
  cdb,
  Op,
  pattern,
  senseText,
  unmapCdb,
  unmapList,
} from "../../../support/block_commands.ts";
import { lunsOf, type Outcome, run, taskOf, unitOf } from "../../../support/scsi.ts";

type Unit = ReturnType<typeof unitOf>;

function unmap(unit: Unit, list: Uint8Array): Promise<Outcome> {
  return run(unit, unmapCdb(list.length), { dataOut: list });
}

/** A list with its length fields overwritten. */
function withLengths(list: Uint8Array, dataLength: number, descriptorLength: number): Uint8Array {
  const view = new DataView(list.buffer);
  view.setUint16(0, dataLength);
  view.setUint16(2, descriptorLength);
  return list;
}

Deno.test("A119 UNMAP: the blocks of every descriptor read as zeros at once, and no others", async () => {
  for (const slow of [false, true]) {
    const unit = unitOf({ slow });
    unit.device.poke(0, pattern(1 << 20));
    const { status } = await unmap(unit, unmapList([1, 2], [100, 0], [2047, 1], [16, 8], [17, 1]));
    assert.equal(status, Status.GOOD);
    const wanted = pattern(1 << 20);
    for (const [lba, blockCount] of [[1, 2], [2047, 1], [16, 8]] as const) {
      wanted.fill(0, lba * 512, (lba + blockCount) * 512);
    }
    assert.deepEqual((await run(unit, cdb(Op.READ, 0, 2048))).data, wanted);
  }
});

Deno.test("A119 UNMAP: an empty list, no descriptors and zero blocks are no errors", async () => {
  const unit = unitOf();
  assert.equal((await run(unit, unmapCdb(0))).status, Status.GOOD);
  assert.equal((await unmap(unit, unmapList())).status, Status.GOOD);
  assert.equal((await unmap(unit, withLengths(new Uint8Array(8), 0, 0))).status, Status.GOOD);
  for (const lba of [0, 1, 2047, 2048]) {
    assert.equal((await unmap(unit, unmapList([lba, 0]))).status, Status.GOOD);
  }
  assert.deepEqual(unit.device.log, []);
});

Deno.test("A119 UNMAP: nothing is unmapped where any part of the list is wrong", async () => {
  const many = Array.from({ length: 257 }, (_, lba) => [lba, 1] as const);
  const wrong: [string, Uint8Array][] = [
    ["5/21/00", unmapList([0, 1], [2048, 1])],
    ["5/21/00", unmapList([0, 1], [1n << 63n, 1])],
    ["5/21/00", unmapList([0, 1], [(1n << 64n) - 1n, 1])],
    ["5/26/00", unmapList(...many)],
    ["5/1a/00", withLengths(unmapList([0, 1]), 23, 16)],
    ["5/1a/00", withLengths(unmapList([0, 1]), 22, 17)],
    ["5/1a/00", withLengths(unmapList([0, 1]), 22, 0xffff)],
    ["5/26/00", withLengths(unmapList([0, 1]), 21, 16)],
    ["5/26/00", withLengths(unmapList([0, 1]), 0, 16)],
    ["5/1a/00", unmapList([0, 1]).subarray(0, 7)],
    ["5/1a/00", unmapList([0, 1]).subarray(0, 23)],
  ];
  const unit = unitOf();
  for (const [expected, list] of wrong) {
    assert.equal(senseText((await unmap(unit, list)).sense), expected);
  }
  assert.deepEqual(unit.device.log, []);
});

Deno.test("A119 UNMAP: a list cut short by its sender is not acted upon", async () => {
  const unit = unitOf();
  const list = unmapList([0, 1], [8, 1]);
  for (const length of [0, 7, 24, 39]) {
    const dataOut = list.subarray(0, length);
    const { sense } = await run(unit, unmapCdb(list.length), { dataOut });
    assert.equal(senseText(sense), "5/1a/00");
  }
  assert.deepEqual(unit.device.log, []);
});

Deno.test("A119 UNMAP: octets behind the last whole descriptor are ignored", async () => {
  const unit = unitOf();
  const list = withLengths(unmapList([0, 1], [8, 1]), 38, 31);
  assert.equal((await unmap(unit, list)).status, Status.GOOD);
  assert.deepEqual(unit.device.log, ["unmap 0+512"]);
});

Deno.test("A119 UNMAP: MAXIMUM UNMAP LBA COUNT bounds the whole command", async () => {
  const device = new MemoryDevice(2 ** 40);
  const unit = unitOf({ device });
  const most = 1 << 20;
  assert.equal((await unmap(unit, unmapList([0, most - 1], [5, 1]))).status, Status.GOOD);
  for (const list of [unmapList([0, most + 1]), unmapList([0, most], [5, 1])]) {
    const { sense } = await unmap(unit, list);
    assert.equal(senseText(sense), "5/26/00");
    assert.deepEqual(sense?.field, { in: "data", octet: list.length - 8 });
  }
});

Deno.test("A119 UNMAP: 256 descriptors are done", async () => {
  const unit = unitOf();
  unit.device.poke(0, pattern(512 * 512));
  const list = unmapList(...Array.from({ length: 256 }, (_, i) => [2 * i, 1] as const));
  assert.equal((await unmap(unit, list)).status, Status.GOOD);
  for (let lba = 0; lba < 512; lba++) {
    const zero = unit.device.peek(lba * 512, 512).every((octet) => octet === 0);
    assert.equal(zero, lba % 2 === 0);
  }
});

Deno.test("A119 UNMAP: a unit that is not thin does not know it; ANCHOR is refused", async () => {
  const thick = unitOf({ unmap: false });
  assert.equal(senseText((await unmap(thick, unmapList([0, 1]))).sense), "5/20/00");
  const anchor = unmapCdb(24);
  anchor[1] = 1;
  assert.equal(senseText((await run(unitOf(), anchor)).sense), "5/24/00");
});

Deno.test("A123 UNMAP: is on the medium before status where there is no write cache", async () => {
  const unit = unitOf();
  Object.defineProperty(unit.mode, "writeCacheEnabled", { value: false });
  await unmap(unit, unmapList([0, 8]));
  assert.deepEqual(unit.device.log, ["unmap 0+4096", "flush"]);
});

Deno.test("UNMAP: a failure of the medium is told", async () => {
  const unit = unitOf();
  unit.device.failure = new DeviceError("medium", "the disk failed");
  assert.equal(senseText((await unmap(unit, unmapList([0, 1]))).sense), "3/0c/00");
});

Deno.test("B-30 UNMAP: goes in slices cut at multiples of 16 MiB, and stops when it is aborted", async () => {
  const unit = unitOf({ size: 128 << 20 });
  const list = unmapList([8, 100_000], [200_000, 8]);
  const task = taskOf(unit, unmapCdb(list.length));
  assert.equal(begin(task, lunsOf(unit)), Step.COLLECT);
  task.data = list;
  assert.equal(finish(task), Step.WAIT);
  while (unit.device.log.length < 2) await new Promise((resolve) => setImmediate(resolve));
  assert.deepEqual(unit.device.log, [
    `unmap 4096+${(16 << 20) - 4096}`,
    `unmap ${16 << 20}+${16 << 20}`,
  ]);
  task.aborted = true;
  await task.promise;
  assert.equal(unit.device.log.length, 2);
});
