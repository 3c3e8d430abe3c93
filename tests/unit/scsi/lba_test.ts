import assert from "node:assert/strict";
import fc from "fast-check";
import { range12, range16, range6 } from "../../../lib/scsi/lba.ts";
import { Status } from "../../../lib/scsi/status.ts";
import {
  BYTCHK,
  cdb,
  getLbaStatusCdb,
  Op,
  senseText,
  unmapCdb,
  unmapList,
} from "../../support/block_commands.ts";
import { run, taskOf, unitOf } from "../../support/scsi.ts";

const BLOCK = 512;
const CAPACITY = 2048;

/** How the model sees a command: does it reach past the last block? All in whole numbers. */
function overruns(lba: bigint, blockCount: bigint): boolean {
  return lba + blockCount > BigInt(CAPACITY);
}

/** Two to the k, and its neighbours, and the edges of the unit. */
function addresses(bits: number): bigint[] {
  const all = new Set<bigint>([0n, BigInt(CAPACITY - 1), BigInt(CAPACITY), BigInt(CAPACITY + 1)]);
  for (let k = 0; k < bits; k++) for (const d of [-1n, 0n, 1n]) all.add((1n << BigInt(k)) + d);
  all.add((1n << BigInt(bits)) - 1n);
  return [...all].filter((lba) => lba >= 0n && lba < 1n << BigInt(bits));
}

/** Commands whose range is checked, with the width of their LBA and what CDB they have. */
const COMMANDS: readonly { name: string; opcode: number; bits: number; flags?: number }[] = [
  { name: "READ(6)", opcode: Op.READ_6, bits: 21 },
  { name: "READ(10)", opcode: Op.READ_10, bits: 32 },
  { name: "READ(12)", opcode: Op.READ_12, bits: 32 },
  { name: "READ(16)", opcode: Op.READ, bits: 64 },
  { name: "WRITE(6)", opcode: Op.WRITE_6, bits: 21 },
  { name: "WRITE(10)", opcode: Op.WRITE_10, bits: 32 },
  { name: "WRITE(12)", opcode: Op.WRITE_12, bits: 32 },
  { name: "WRITE(16)", opcode: Op.WRITE, bits: 64 },
  { name: "VERIFY(10)", opcode: Op.VERIFY_10, bits: 32 },
  { name: "VERIFY(12)", opcode: Op.VERIFY_12, bits: 32 },
  { name: "VERIFY(16)", opcode: Op.VERIFY, bits: 64 },
  { name: "VERIFY(16) BYTCHK 1", opcode: Op.VERIFY, bits: 64, flags: BYTCHK[1] },
  { name: "WRITE AND VERIFY(10)", opcode: Op.WRITE_AND_VERIFY_10, bits: 32 },
  { name: "WRITE AND VERIFY(12)", opcode: Op.WRITE_AND_VERIFY_12, bits: 32 },
  { name: "WRITE AND VERIFY(16)", opcode: Op.WRITE_AND_VERIFY, bits: 64 },
  { name: "WRITE SAME(10)", opcode: Op.WRITE_SAME_10, bits: 32 },
  { name: "WRITE SAME(16)", opcode: Op.WRITE_SAME, bits: 64 },
  { name: "SYNCHRONIZE CACHE(10)", opcode: Op.SYNCHRONIZE_CACHE_10, bits: 32 },
  { name: "SYNCHRONIZE CACHE(16)", opcode: Op.SYNCHRONIZE_CACHE, bits: 64 },
  { name: "PRE-FETCH(10)", opcode: Op.PRE_FETCH_10, bits: 32 },
  { name: "PRE-FETCH(16)", opcode: Op.PRE_FETCH, bits: 64 },
  { name: "COMPARE AND WRITE", opcode: Op.COMPARE_AND_WRITE, bits: 64 },
  { name: "ORWRITE(16)", opcode: Op.ORWRITE, bits: 64 },
  { name: "WRITE ATOMIC(16)", opcode: Op.WRITE_ATOMIC, bits: 64 },
];

for (const { name, opcode, bits, flags } of COMMANDS) {
  Deno.test(`A112 A113 ${name}: past the last block is out of range, at every address`, async () => {
    const unit = unitOf({ size: CAPACITY * BLOCK });
    for (const lba of addresses(bits)) {
      for (const blockCount of [0, 1, 2, 7]) {
        const moved = opcode < 0x20 && blockCount === 0 ? 256 : blockCount;
        const dataOut = new Uint8Array(2 * moved * BLOCK + BLOCK);
        const { status, sense } = await run(unit, cdb(opcode, lba, blockCount, flags), { dataOut });
        const where = `LBA ${lba}, ${blockCount} blocks`;
        if (overruns(lba, BigInt(moved))) assert.equal(senseText(sense), "5/21/00", where);
        else assert.equal(status, Status.GOOD, where);
      }
    }
  });
}

Deno.test("A112 UNMAP: a descriptor past the last block is out of range, at every address", async () => {
  const unit = unitOf({ size: CAPACITY * BLOCK });
  for (const lba of addresses(64)) {
    for (const blockCount of [0, 1, 7, 0xffff_ffff]) {
      const dataOut = unmapList([0, 1], [lba, blockCount]);
      const { status, sense } = await run(unit, unmapCdb(dataOut.length), { dataOut });
      const where = `LBA ${lba}, ${blockCount} blocks`;
      if (overruns(lba, BigInt(blockCount))) assert.equal(senseText(sense), "5/21/00", where);
      else assert.equal(status, Status.GOOD, where);
    }
  }
});

Deno.test("A112 GET LBA STATUS: an address past the last block is out of range, however large", async () => {
  const unit = unitOf({ size: CAPACITY * BLOCK });
  for (const lba of addresses(64)) {
    const { status, sense } = await run(unit, getLbaStatusCdb(lba, 24));
    if (lba >= BigInt(CAPACITY)) assert.equal(senseText(sense), "5/21/00", `LBA ${lba}`);
    else assert.equal(status, Status.GOOD, `LBA ${lba}`);
  }
});

Deno.test("A112 BlockRange: agrees with whole-number arithmetic for every address and count", () => {
  const unit = unitOf({ size: CAPACITY * BLOCK });
  // Any capacity that a device can have.
  const sizes = fc.bigInt({ min: 1n, max: 1n << 44n });
  const lbas = fc.oneof(
    fc.bigInt({ min: 0n, max: (1n << 64n) - 1n }),
    fc.nat(63).map((k) => 1n << BigInt(k)),
  );
  fc.assert(fc.property(
    sizes,
    fc.oneof(
      lbas.map((lba) => ({ lba, near: false })),
      fc.bigInt(-9n, 9n).map((lba) => ({ lba, near: true })),
    ),
    fc.oneof(fc.nat(0xffff_ffff), fc.nat(9)),
    (capacity, { lba: at, near }, blockCount) => {
      const lba = near ? (capacity + at < 0n ? 0n : capacity + at) : at;
      unit.device.size = Number(capacity) * BLOCK;
      const refusal = range16.look(taskOf(unit, cdb(Op.READ, lba, blockCount)), unit);
      assert.equal(refusal !== undefined, lba + BigInt(blockCount) > capacity);
      if (refusal !== undefined) return;
      assert.equal(BigInt(range16.offset), lba * BigInt(BLOCK));
      assert.equal(BigInt(range16.length), BigInt(blockCount) * BigInt(BLOCK));
    },
  ));
});

Deno.test("A113 BlockRange: the 6-octet form has 21 bits of address, and zero stands for 256", () => {
  const unit = unitOf({ size: 2 ** 31 });
  assert.equal(range6.look(taskOf(unit, "08 ff ff fe 00 00"), unit), undefined);
  assert.equal(range6.logicalBlockAddress, 0x1f_fffe);
  assert.equal(range6.blockCount, 256);
  assert.equal(range6.look(taskOf(unit, "08 01 23 45 07 00"), unit), undefined);
  assert.equal(range6.logicalBlockAddress, 0x01_2345);
  assert.equal(range6.blockCount, 7);
});

Deno.test("BlockRange: a refusal for too many blocks points at their number", () => {
  const unit = unitOf({ size: 1 << 30 });
  assert.equal(range12.lookToTransfer(taskOf(unit, cdb(Op.READ_12, 0, 65536)), unit), undefined);
  const refusal = range12.lookToTransfer(taskOf(unit, cdb(Op.READ_12, 0, 65537)), unit);
  assert.equal(senseText(refusal), "5/24/00");
  assert.deepEqual(refusal?.field, { in: "cdb", octet: 6 });
});
