import assert from "node:assert/strict";
import { MemoryDevice } from "../../../lib/block/memory.ts";
import { Opcode } from "../../../lib/iscsi/opcode.ts";
import { DataIn } from "../../../lib/iscsi/pdu/data_in.ts";
import { Status } from "../../../lib/scsi/status.ts";
import { serialAdd } from "../../../lib/wire/serial.ts";
import { concatenate } from "../../support/test_initiator.ts";
import { INITIATOR_NAME, TARGET_NAME, TestTarget } from "../../support/test_target.ts";

const BLOCK = 512;

function read10(lba: number, blocks: number): number[] {
  return [0x28, 0, 0, 0, lba >> 8, lba & 255, 0, blocks >> 8, blocks & 255, 0];
}

/** A device full of a pattern that tells one place from another. */
function patterned(size: number): MemoryDevice {
  const device = new MemoryDevice(size);
  const octets = Uint8Array.from({ length: size }, (_, i) => (i * 31 + (i >> 9)) & 0xff);
  device.writeNow(0, octets, 0, size);
  return device;
}

Deno.test("A53 A61: Data-In keeps the initiator's segment length, bursts and contiguous offsets", async () => {
  const target = new TestTarget({ device: patterned(1 << 18) });
  const initiator = await target.logIn({
    MaxRecvDataSegmentLength: "1536",
    MaxBurstLength: "4096",
  });
  const length = 20 * BLOCK;
  const tag = await initiator.command({ cdb: read10(3, 20), read: true, length });
  let at = 0;
  for (let dataSN = 0; at < length; dataSN++) {
    const pdu = (await initiator.receive())!;
    assert.equal(pdu.opcode, Opcode.DATA_IN);
    const dataIn = pdu.as(DataIn);
    assert.equal(dataIn.initiatorTaskTag, tag);
    assert.equal(dataIn.dataSN, dataSN);
    assert.equal(dataIn.bufferOffset, at);
    assert.ok(pdu.data.length <= 1536);
    at += pdu.data.length;
    assert.ok(Math.ceil(at / 4096) * 4096 - (at - pdu.data.length) <= 4096, "within one burst");
    assert.equal(dataIn.final, at % 4096 === 0 || at === length, "F closes each sequence");
    assert.equal(dataIn.hasStatus, at === length);
  }
  await target.close();
});

Deno.test("A51: StatSN counts PDUs with status only, and Data-In without S does not carry one", async () => {
  const target = new TestTarget({ device: patterned(1 << 18) });
  const initiator = await target.logIn({ MaxRecvDataSegmentLength: "512" });
  const before = initiator.expStatSN;
  await initiator.run({ cdb: read10(0, 4), read: true, length: 4 * BLOCK });
  assert.equal(initiator.expStatSN, serialAdd(before, 1));
  await initiator.run({ cdb: new Uint8Array(6) });
  assert.equal(initiator.expStatSN, serialAdd(before, 2));
  await initiator.fence();
  assert.equal(initiator.expStatSN, serialAdd(before, 3));
  await target.close();
});

const RESIDUALS: readonly (readonly [blocks: number, expected: number])[] = [
  [1, 0],
  [1, 200],
  [1, 10_000],
  [2, BLOCK],
  [2, 2 * BLOCK],
];

for (const [blocks, expected] of RESIDUALS) {
  Deno.test(`A67: READ of ${blocks} blocks with ${expected} octets expected tells the residual`, async () => {
    const device = patterned(1 << 16);
    const target = new TestTarget({ device });
    const initiator = await target.logIn();
    const result = await initiator.run({ cdb: read10(5, blocks), read: true, length: expected });
    assert.equal(result.status, Status.GOOD);
    assert.equal(result.residual, expected - blocks * BLOCK);
    const medium = new Uint8Array(Math.min(expected, blocks * BLOCK));
    device.readNow(5 * BLOCK, medium, 0, medium.length);
    assert.deepEqual(result.data, medium);
    await target.close();
  });
}

for (const [read, write] of [[true, true], [false, false], [false, true]] as const) {
  Deno.test(`A68: READ with R=${read} and W=${write} ends and sends no stale octets`, async () => {
    const device = patterned(1 << 16);
    const target = new TestTarget({ device });
    const initiator = await target.logIn();
    const fields = { cdb: read10(0, 1), read, write, length: BLOCK };
    const result = await initiator.run(fields, new Uint8Array(BLOCK));
    assert.equal(result.status, Status.GOOD);
    const medium = new Uint8Array(read ? BLOCK : 0);
    device.readNow(0, medium, 0, medium.length);
    assert.deepEqual(result.data, medium);
    assert.equal((await initiator.run({ cdb: new Uint8Array(6) })).status, Status.GOOD);
    await target.close();
  });
}

Deno.test("A61 A71: a READ that fails sends its sense in a SCSI Response", async () => {
  const target = new TestTarget({ size: 8 * BLOCK });
  const initiator = await target.logIn();
  const result = await initiator.run({ cdb: read10(8, 1), read: true, length: BLOCK });
  assert.equal(result.status, Status.CHECK_CONDITION);
  assert.equal(result.key, 5);
  assert.equal(result.code, 0x2100);
  assert.equal(result.residual, BLOCK);
  assert.equal(result.data.length, 0);
  await target.close();
});

Deno.test("A63: a data segment of odd length is padded with zeros that are not counted", async () => {
  const target = new TestTarget({ device: patterned(1 << 16) });
  const initiator = await target.logIn({ DataDigest: "CRC32C" });
  const result = await initiator.run({ cdb: read10(0, 1), read: true, length: 201 });
  assert.equal(result.data.length, 201);
  await target.close();
});

Deno.test("A61: many READs at once, more than the outbox holds, all arrive whole", async () => {
  const device = patterned(1 << 20);
  const target = new TestTarget({ device });
  const initiator = await target.logIn({ MaxRecvDataSegmentLength: "65536" });
  const blocks = 512;
  const tags = new Map<number, number>();
  const got = new Map<number, Uint8Array>();
  for (let i = 0; i < 24; i++) {
    const cdb = read10(i * 60, blocks);
    tags.set(await initiator.command({ cdb, read: true, length: blocks * BLOCK }), i * 60);
  }
  for (let ended = 0; ended < tags.size;) {
    const pdu = (await initiator.receive())!;
    const dataIn = pdu.as(DataIn);
    const buffer = got.get(dataIn.initiatorTaskTag) ?? new Uint8Array(blocks * BLOCK);
    got.set(dataIn.initiatorTaskTag, buffer);
    buffer.set(pdu.data, dataIn.bufferOffset);
    if (dataIn.hasStatus) ended++;
  }
  for (const [tag, lba] of tags) {
    const medium = new Uint8Array(blocks * BLOCK);
    device.readNow(lba * BLOCK, medium, 0, medium.length);
    assert.deepEqual(got.get(tag), medium);
  }
  await target.close();
});

/** How long the target's writes are when so many reads of so many blocks come at once. */
async function lengthsOfWrites(count: number, blocks: number): Promise<number[]> {
  const target = new TestTarget({ device: patterned(1 << 20) });
  const { initiator, stream } = target.connect();
  await initiator.login({ InitiatorName: INITIATOR_NAME, TargetName: TARGET_NAME });
  await initiator.run({ cdb: new Uint8Array(16) });
  const requests: Uint8Array[] = [];
  const write = stream.write;
  stream.write = (octets) => {
    requests.push(octets.slice());
    return Promise.resolve(octets.length);
  };
  for (let each = 0; each < count; each++) {
    await initiator.command({ cdb: read10(each, blocks), read: true, length: blocks * BLOCK });
  }
  stream.write = write;
  await stream.write(concatenate(requests));
  const lengths: number[] = [];
  const into = new Uint8Array(1 << 20);
  const all = count * (48 + blocks * BLOCK);
  for (let received = 0; received < all; received += lengths.at(-1)!) {
    lengths.push((await stream.read(into))!);
  }
  await target.close();
  return lengths;
}

Deno.test("short reads that come at once leave in batches, so that the initiator need not wait for all", async () => {
  const answer = 48 + 8 * BLOCK;
  assert.deepEqual(await lengthsOfWrites(20, 8), [8 * answer, 8 * answer, 4 * answer]);
});

Deno.test("long reads leave with as much as an outbox holds", async () => {
  const answer = 48 + 128 * BLOCK;
  const [first] = await lengthsOfWrites(6, 128);
  assert.ok(first! >= 4 * answer, `${first}`);
});
