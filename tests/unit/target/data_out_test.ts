import assert from "node:assert/strict";
import { RESERVED_TAG } from "../../../lib/iscsi/bhs.ts";
import { Opcode } from "../../../lib/iscsi/opcode.ts";
import { ReadyToTransfer } from "../../../lib/iscsi/pdu/ready_to_transfer.ts";
import { Reject, RejectReason } from "../../../lib/iscsi/pdu/reject.ts";
import { Status } from "../../../lib/scsi/status.ts";
import type { TestInitiator } from "../../support/test_initiator.ts";
import { TestTarget } from "../../support/test_target.ts";

const BLOCK = 512;
const FIRST_BURST = 2048;
const MAX_BURST = 4096;

const BURSTS = {
  FirstBurstLength: String(FIRST_BURST),
  MaxBurstLength: String(MAX_BURST),
  MaxOutstandingR2T: "2",
};

function write10(lba: number, blocks: number): number[] {
  return [0x2a, 0, 0, 0, lba >> 8, lba & 255, 0, blocks >> 8, blocks & 255, 0];
}

function read10(lba: number, blocks: number): number[] {
  return [0x28, 0, 0, 0, lba >> 8, lba & 255, 0, blocks >> 8, blocks & 255, 0];
}

function pattern(length: number, seed = 1): Uint8Array {
  return Uint8Array.from({ length }, (_, i) => (i * 7 + (i >> 8) * 13 + seed) & 0xff);
}

async function readBack(initiator: TestInitiator, blocks: number): Promise<Uint8Array> {
  const length = blocks * BLOCK;
  return (await initiator.run({ cdb: read10(0, blocks), read: true, length })).data;
}

/** Writes as the agreed keys allow: immediate, then unsolicited, then what R2Ts ask for. */
async function writeAsAllowed(
  initiator: TestInitiator,
  data: Uint8Array,
  { immediate, unsolicited }: { readonly immediate: number; readonly unsolicited: number },
) {
  const tag = await initiator.command({
    cdb: write10(0, data.length / BLOCK),
    write: true,
    length: data.length,
    data: data.subarray(0, immediate),
    final: unsolicited === 0,
  });
  for (let at = immediate, dataSN = 0; at < immediate + unsolicited; dataSN++) {
    const end = Math.min(at + 700, immediate + unsolicited);
    const last = end === immediate + unsolicited;
    await initiator.dataOut(tag, { bufferOffset: at, dataSN, final: last }, data.subarray(at, end));
    at = end;
  }
  return await initiator.result(tag, data);
}

for (const initialR2T of ["Yes", "No"]) {
  for (const immediateData of ["Yes", "No"]) {
    Deno.test(`A57: InitialR2T=${initialR2T} with ImmediateData=${immediateData} takes all lengths`, async () => {
      const target = new TestTarget();
      const initiator = await target.logIn({
        ...BURSTS,
        InitialR2T: initialR2T,
        ImmediateData: immediateData,
      });
      for (
        const length of [
          0,
          BLOCK,
          FIRST_BURST - BLOCK,
          FIRST_BURST,
          FIRST_BURST + BLOCK,
          MAX_BURST + BLOCK,
        ]
      ) {
        const data = pattern(length, length);
        const most = Math.min(length, FIRST_BURST);
        const immediate = immediateData === "Yes" ? (initialR2T === "Yes" ? most : most >> 2) : 0;
        const unsolicited = initialR2T === "No" ? most - immediate : 0;
        const result = await writeAsAllowed(initiator, data, { immediate, unsolicited });
        assert.equal(result.status, Status.GOOD, `${length} octets`);
        assert.equal(result.residual, 0);
        assert.deepEqual(await readBack(initiator, length / BLOCK), data);
      }
      await target.close();
    });
  }
}

Deno.test("A58: no R2T comes before the unsolicited data of a write has ended", async () => {
  const target = new TestTarget();
  const initiator = await target.logIn({ ...BURSTS, InitialR2T: "No", ImmediateData: "No" });
  const data = pattern(FIRST_BURST + BLOCK);
  const tag = await initiator.command({
    cdb: write10(0, data.length / BLOCK),
    write: true,
    length: data.length,
    final: false,
  });
  await initiator.dataOut(tag, { final: false }, data.subarray(0, BLOCK));
  await initiator.fence();
  await initiator.dataOut(
    tag,
    { dataSN: 1, bufferOffset: BLOCK },
    data.subarray(BLOCK, FIRST_BURST),
  );
  const r2t = await initiator.expect(Opcode.READY_TO_TRANSFER, ReadyToTransfer);
  assert.equal(r2t.bufferOffset, FIRST_BURST);
  assert.equal(r2t.desiredDataTransferLength, BLOCK);
  await initiator.dataOut(
    tag,
    { targetTransferTag: r2t.targetTransferTag, bufferOffset: FIRST_BURST },
    data.subarray(FIRST_BURST),
  );
  assert.equal((await initiator.result(tag)).status, Status.GOOD);
  await target.close();
});

Deno.test("A58: a write with F=1 and data to come gets its R2T at once", async () => {
  const target = new TestTarget();
  const initiator = await target.logIn({ ...BURSTS, ImmediateData: "No" });
  await initiator.command({ cdb: write10(0, 1), write: true, length: BLOCK });
  const r2t = await initiator.expect(Opcode.READY_TO_TRANSFER, ReadyToTransfer);
  assert.equal(r2t.desiredDataTransferLength, BLOCK);
  await target.close();
});

Deno.test("A60: R2Ts keep MaxOutstandingR2T, MaxBurstLength, offsets upwards and tags apart", async () => {
  const target = new TestTarget();
  const initiator = await target.logIn({ ...BURSTS, ImmediateData: "No" });
  const data = pattern(3 * MAX_BURST + BLOCK);
  const tag = await initiator.command({
    cdb: write10(0, data.length / BLOCK),
    write: true,
    length: data.length,
  });
  const tags = new Set<number>();
  let asked = 0;
  let given = 0;
  const waiting: { tag: number; from: number; length: number }[] = [];
  while (given < data.length) {
    while (waiting.length < 2 && asked < data.length) {
      const r2t = await initiator.expect(Opcode.READY_TO_TRANSFER, ReadyToTransfer);
      assert.equal(r2t.bufferOffset, asked);
      assert.equal(r2t.r2tSN, tags.size);
      assert.ok(r2t.desiredDataTransferLength >= 1 && r2t.desiredDataTransferLength <= MAX_BURST);
      assert.ok(!tags.has(r2t.targetTransferTag) && r2t.targetTransferTag !== RESERVED_TAG);
      tags.add(r2t.targetTransferTag);
      const length = r2t.desiredDataTransferLength;
      waiting.push({ tag: r2t.targetTransferTag, from: asked, length });
      asked += length;
    }
    await initiator.fence(); // no third one is outstanding
    const next = waiting.shift()!;
    await initiator.dataOut(
      tag,
      { targetTransferTag: next.tag, bufferOffset: next.from },
      data.subarray(next.from, next.from + next.length),
    );
    given += next.length;
  }
  assert.equal((await initiator.result(tag)).status, Status.GOOD);
  assert.deepEqual(await readBack(initiator, data.length / BLOCK), data);
  await target.close();
});

/** Each breaks one rule of Data-Out for a write of two blocks that an R2T asked for. */
const BREACHES: Record<string, { readonly dataSN?: number; readonly bufferOffset?: number }> = {
  "a DataSN that does not start at 0": { dataSN: 27 },
  "a DataSN of all ones": { dataSN: 0xffffffff },
  "an offset before the R2T's": { bufferOffset: 0 },
  "an offset beyond the next octet": { bufferOffset: FIRST_BURST + BLOCK },
};

for (const [breach, fields] of Object.entries(BREACHES)) {
  Deno.test(`A54 A59: ${breach} fails the write, and nothing of it reaches the medium`, async () => {
    const target = new TestTarget();
    const initiator = await target.logIn({
      ...BURSTS,
      ImmediateData: "No",
      MaxBurstLength: "2048",
    });
    const before = pattern(8 * BLOCK, 3);
    await initiator.run({ cdb: write10(0, 8), write: true, length: before.length }, before);
    const tag = await initiator.command({ cdb: write10(0, 8), write: true, length: before.length });
    const first = await initiator.expect(Opcode.READY_TO_TRANSFER, ReadyToTransfer);
    const second = await initiator.expect(Opcode.READY_TO_TRANSFER, ReadyToTransfer);
    await initiator.dataOut(
      tag,
      { targetTransferTag: first.targetTransferTag },
      before.subarray(0, 2048),
    );
    await initiator.dataOut(tag, {
      targetTransferTag: second.targetTransferTag,
      bufferOffset: 2048,
      ...fields,
    }, pattern(2048, 99));
    const result = await initiator.result(tag);
    assert.equal(result.status, Status.CHECK_CONDITION);
    assert.equal(result.key, 0x0b);
    assert.deepEqual(await readBack(initiator, 8), before);
    await target.close();
  });
}

Deno.test("A54: Data-Out PDUs in reverse order fail the write", async () => {
  const target = new TestTarget();
  const initiator = await target.logIn({ ...BURSTS, ImmediateData: "No" });
  const tag = await initiator.command({ cdb: write10(0, 2), write: true, length: 2 * BLOCK });
  const r2t = await initiator.expect(Opcode.READY_TO_TRANSFER, ReadyToTransfer);
  const fields = { targetTransferTag: r2t.targetTransferTag };
  await initiator.dataOut(tag, { ...fields, dataSN: 1, final: false }, pattern(BLOCK));
  await initiator.dataOut(tag, { ...fields, dataSN: 0, bufferOffset: BLOCK }, pattern(BLOCK));
  assert.equal((await initiator.result(tag)).status, Status.CHECK_CONDITION);
  assert.deepEqual(await readBack(initiator, 2), new Uint8Array(2 * BLOCK));
  await target.close();
});

Deno.test("A59: Data-Out that no task waits for is rejected and harms nobody", async () => {
  const target = new TestTarget();
  const initiator = await target.logIn(BURSTS);
  await initiator.dataOut(0x7777, { targetTransferTag: 5 }, pattern(BLOCK));
  const reject = await initiator.expect(Opcode.REJECT, Reject);
  assert.equal(reject.reason, RejectReason.PROTOCOL_ERROR);
  assert.deepEqual(await readBack(initiator, 2), new Uint8Array(2 * BLOCK));
  await target.close();
});

Deno.test("A59: Data-Out with a tag that no R2T gave fails the write", async () => {
  const target = new TestTarget();
  const initiator = await target.logIn({ ...BURSTS, ImmediateData: "No" });
  const tag = await initiator.command({ cdb: write10(0, 1), write: true, length: BLOCK });
  const r2t = await initiator.expect(Opcode.READY_TO_TRANSFER, ReadyToTransfer);
  const wrong = (r2t.targetTransferTag + 1) >>> 0;
  await initiator.dataOut(tag, { targetTransferTag: wrong }, pattern(BLOCK));
  assert.equal((await initiator.result(tag)).status, Status.CHECK_CONDITION);
  assert.deepEqual(await readBack(initiator, 1), new Uint8Array(BLOCK));
  await target.close();
});

Deno.test("A59: more unsolicited data than FirstBurstLength fails the write", async () => {
  const target = new TestTarget();
  const initiator = await target.logIn({ ...BURSTS, InitialR2T: "No", ImmediateData: "No" });
  const length = FIRST_BURST + 2 * BLOCK;
  const tag = await initiator.command({
    cdb: write10(0, length / BLOCK),
    write: true,
    length,
    final: false,
  });
  await initiator.dataOut(tag, {}, pattern(length));
  assert.equal((await initiator.result(tag)).status, Status.CHECK_CONDITION);
  await target.close();
});

Deno.test("A59: immediate data without ImmediateData=Yes fails the write", async () => {
  const target = new TestTarget();
  const initiator = await target.logIn({ ...BURSTS, ImmediateData: "No" });
  const data = pattern(BLOCK);
  const result = await initiator.run({ cdb: write10(0, 1), write: true, length: BLOCK, data });
  assert.equal(result.status, Status.CHECK_CONDITION);
  assert.equal(result.code, 0x0c0c);
  assert.deepEqual(await readBack(initiator, 1), new Uint8Array(BLOCK));
  await target.close();
});

Deno.test("A62: unsolicited data of a write that fails early is drained without a word", async () => {
  const target = new TestTarget({ size: 8 * BLOCK });
  const initiator = await target.logIn({ ...BURSTS, InitialR2T: "No" });
  const tag = await initiator.command({
    cdb: write10(100, 4),
    write: true,
    length: 4 * BLOCK,
    data: pattern(BLOCK),
    final: false,
  });
  await initiator.dataOut(tag, { bufferOffset: BLOCK, final: false }, pattern(BLOCK));
  await initiator.dataOut(tag, { dataSN: 1, bufferOffset: 2 * BLOCK }, pattern(BLOCK));
  const result = await initiator.result(tag);
  assert.equal(result.code, 0x2100);
  await initiator.fence();
  assert.equal((await initiator.run({ cdb: new Uint8Array(6) })).status, Status.GOOD);
  await target.close();
});

Deno.test("A67: a write whose expected length is longer uses what the CDB asks for", async () => {
  const target = new TestTarget();
  const initiator = await target.logIn({ ...BURSTS, InitialR2T: "No" });
  const data = pattern(2 * BLOCK);
  const result = await initiator.run({ cdb: write10(0, 1), write: true, length: 2 * BLOCK, data });
  assert.equal(result.status, Status.GOOD);
  assert.equal(result.residual, BLOCK);
  const medium = await readBack(initiator, 2);
  assert.deepEqual(medium.subarray(0, BLOCK), data.subarray(0, BLOCK));
  assert.deepEqual(medium.subarray(BLOCK), new Uint8Array(BLOCK));
  await target.close();
});

Deno.test("A67: a write whose expected length is shorter transfers that and tells the overflow", async () => {
  const target = new TestTarget();
  const initiator = await target.logIn(BURSTS);
  const data = pattern(BLOCK);
  const result = await initiator.run({ cdb: write10(0, 2), write: true, length: BLOCK, data });
  assert.equal(result.status, Status.GOOD);
  assert.equal(result.residual, -BLOCK);
  assert.deepEqual((await readBack(initiator, 2)).subarray(0, BLOCK), data);
  await target.close();
});

Deno.test("A67: a write of nothing expected, one block implied, overflows by the block", async () => {
  const target = new TestTarget();
  const initiator = await target.logIn(BURSTS);
  const result = await initiator.run({ cdb: write10(0, 1), write: true, length: 0 });
  assert.equal(result.status, Status.GOOD);
  assert.equal(result.residual, -BLOCK);
  await target.close();
});
