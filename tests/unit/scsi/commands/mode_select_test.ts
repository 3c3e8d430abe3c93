import assert from "node:assert/strict";
import fc from "fast-check";
import type { LogicalUnit } from "../../../../lib/scsi/logical_unit.ts";
import { MODE_PARAMETERS_CHANGED } from "../../../../lib/scsi/sense.ts";
import { emitSense } from "../../../../lib/scsi/sense_data.ts";
import { NEXUS, OTHER_NEXUS, type Outcome, run, unitOf } from "../../../support/scsi.ts";

const HEADER_6 = [0, 0, 0, 0];
const PARAMETER_LIST_LENGTH_ERROR = 0x1a00;
const INVALID_FIELD_IN_PARAMETER_LIST = 0x2600;

/** The current value of a page, changed by `change`. */
function page(unit: LogicalUnit, code: number, change: (octets: Uint8Array) => void): number[] {
  const octets = unit.mode.emit(0, code, 0)!.slice();
  change(octets);
  return [...octets];
}

function controlPage(unit: LogicalUnit, octet: number, bits: number): number[] {
  return page(unit, 0x0a, (octets) => octets[octet]! |= bits);
}

function select6(unit: LogicalUnit, list: readonly number[], length = list.length) {
  return run(unit, [0x15, 0x10, 0, 0, length, 0], { dataOut: Uint8Array.from(list) });
}

function select10(unit: LogicalUnit, list: readonly number[]): Promise<Outcome> {
  const cdb = [0x55, 0x10, 0, 0, 0, 0, 0, list.length >>> 8, list.length & 0xff, 0];
  return run(unit, cdb, { dataOut: Uint8Array.from(list) });
}

const D_SENSE = [2, 0x04] as const;
const SWP = [4, 0x08] as const;

Deno.test("A111: MODE SELECT(6): SWP makes the unit read-only, and back", async () => {
  const unit = unitOf();
  assert.equal((await select6(unit, [...HEADER_6, ...controlPage(unit, ...SWP)])).status, 0);
  assert.equal(unit.readOnly, true);
  assert.equal((await run(unit, "1a 08 0a 00 ff 00")).data[8]! & 0x08, 0x08);
  const cleared = page(unit, 0x0a, (octets) => octets[4] = 0);
  assert.equal((await select6(unit, [...HEADER_6, ...cleared])).status, 0);
  assert.equal(unit.readOnly, false);
});

Deno.test("A111: MODE SELECT(10): WCE can be turned off", async () => {
  const unit = unitOf();
  const list = [0, 0, 0, 0, 0, 0, 0, 0, ...page(unit, 0x08, (octets) => octets[2] = 0)];
  assert.equal((await select10(unit, list)).status, 0);
  assert.equal(unit.mode.writeCacheEnabled, false);
});

Deno.test("A72: MODE SELECT: D_SENSE turns sense data to descriptor format", async () => {
  const unit = unitOf();
  await select6(unit, [...HEADER_6, ...controlPage(unit, ...D_SENSE)]);
  const { sense } = await run(unit, "28 00 ff ff ff ff 00 00 01 00");
  const octets = emitSense(sense!, { descriptor: unit.mode.descriptorSense });
  assert.equal(octets[0], 0x72);
});

Deno.test("A98 A99: MODE SELECT: the others hear of a change, who made it does not", async () => {
  const unit = unitOf();
  await select6(unit, [...HEADER_6, ...controlPage(unit, ...D_SENSE)]);
  assert.equal(unit.attentions.peek(NEXUS), undefined);
  assert.equal(unit.attentions.peek(OTHER_NEXUS), MODE_PARAMETERS_CHANGED);
});

Deno.test("A98: MODE SELECT: what changes nothing is told to nobody", async () => {
  const unit = unitOf();
  await select6(unit, [...HEADER_6, ...controlPage(unit, 0, 0)]);
  assert.equal(unit.attentions.count, 0);
});

Deno.test("A111: MODE SELECT: all of the list is taken over, or none", async () => {
  const unit = unitOf();
  const good = controlPage(unit, ...SWP);
  const bad = page(unit, 0x08, (octets) => octets[2]! |= 0x01);
  const { sense } = await select6(unit, [...HEADER_6, ...good, ...bad]);
  assert.deepEqual(sense, {
    key: 5,
    code: INVALID_FIELD_IN_PARAMETER_LIST,
    field: { in: "data", octet: 4 + 12 + 2, bit: 0 },
  });
  assert.equal(unit.readOnly, false);
  assert.equal(unit.attentions.count, 0);
});

Deno.test("A111: MODE SELECT: what MODE SENSE returned is accepted, the PS and WP bits in it ignored", async () => {
  const unit = unitOf();
  for (const cdb of ["1a 00 3f 00 ff 00", "1a 08 3f 00 ff 00"]) {
    const { data } = await run(unit, cdb);
    data[0] = 0;
    data[2]! |= 0x80;
    data[4 + data[3]!]! |= 0x80;
    assert.equal((await select6(unit, [...data])).status, 0);
  }
  for (const cdb of ["5a 00 3f 00 00 00 00 00 ff 00", "5a 10 3f 00 00 00 00 00 ff 00"]) {
    const { data } = await run(unit, cdb);
    data.fill(0, 0, 2);
    assert.equal((await select10(unit, [...data])).status, 0);
  }
});

Deno.test("A111: MODE SELECT: saving is refused, with a pointer at SP", async () => {
  const { sense } = await run(unitOf(), "15 11 00 00 10 00");
  assert.deepEqual(sense, { key: 5, code: 0x2400, field: { in: "cdb", octet: 1, bit: 0 } });
});

Deno.test("A111: MODE SELECT: an empty list is good, PF or not", async () => {
  assert.equal((await run(unitOf(), "15 00 00 00 00 00")).status, 0);
  assert.equal((await run(unitOf(), "55 10 00 00 00 00 00 00 00 00")).status, 0);
  assert.deepEqual((await run(unitOf(), "15 00 00 00 10 00")).sense?.field, {
    in: "cdb",
    octet: 1,
    bit: 4,
  });
});

Deno.test("A108: MODE SELECT: a list that is cut anywhere is PARAMETER LIST LENGTH ERROR", async () => {
  const unit = unitOf();
  const whole = [0, 0, 0, 8, 0, 0, 0, 0, 0, 0, 2, 0, ...controlPage(unit, ...SWP)];
  const ends = [4 + 8, whole.length];
  for (let length = 1; length < whole.length; length++) {
    const { sense } = await select6(unit, whole.slice(0, length));
    const code = ends.includes(length) ? undefined : PARAMETER_LIST_LENGTH_ERROR;
    assert.equal(sense?.code, code, `${length} octets`);
    assert.equal(unit.readOnly, false);
  }
});

Deno.test("A108: MODE SELECT: fewer octets than the CDB says are PARAMETER LIST LENGTH ERROR", async () => {
  const unit = unitOf();
  const list = [...HEADER_6, ...controlPage(unit, ...SWP)];
  assert.equal(
    (await select6(unit, list, list.length + 12)).sense?.code,
    PARAMETER_LIST_LENGTH_ERROR,
  );
  assert.equal(unit.readOnly, false);
});

const BLOCK_DESCRIPTORS: readonly (readonly [string, readonly number[], number | undefined])[] = [
  ["the current values", [0, 0, 8, 0, 0, 0, 2, 0], undefined],
  ["no number of blocks", [0, 0, 0, 0, 0, 0, 2, 0], undefined],
  ["another number of blocks", [0, 0, 4, 0, 0, 0, 2, 0], 4],
  ["another block length", [0, 0, 0, 0, 0, 0, 16, 0], 9],
  ["a block length of zero", [0, 0, 0, 0, 0, 0, 0, 0], 9],
];

for (const [title, descriptor, faultAt] of BLOCK_DESCRIPTORS) {
  Deno.test(`A111 B-27: MODE SELECT: a block descriptor with ${title}`, async () => {
    const unit = unitOf({ size: 1 << 20 });
    const { status, sense } = await select6(unit, [0, 0, 0, 8, ...descriptor]);
    if (faultAt === undefined) return assert.equal(status, 0);
    assert.deepEqual(sense, {
      key: 5,
      code: INVALID_FIELD_IN_PARAMETER_LIST,
      field: { in: "data", octet: faultAt },
    });
  });
}

Deno.test("A111: MODE SELECT: a block descriptor of another length points at its length", async () => {
  const { sense } = await select6(unitOf(), [0, 0, 0, 4, 0, 0, 0, 0]);
  assert.deepEqual(sense?.field, { in: "data", octet: 3 });
  const ten = await select10(unitOf(), [0, 0, 0, 0, 0, 0, 0, 16, ...new Array(16).fill(0)]);
  assert.deepEqual(ten.sense?.field, { in: "data", octet: 6 });
});

const WRONG_PAGES: readonly (readonly [string, (unit: LogicalUnit) => number[], object])[] = [
  ["an unknown page", () => [0x1a, 10, ...new Array(10).fill(0)], { octet: 4, bit: 5 }],
  ["the subpage format", (unit) => [0x4a, ...controlPage(unit, 0, 0).slice(1)], {
    octet: 4,
    bit: 6,
  }],
  ["a page of another length", () => [0x0a, 6, 0, 0, 0, 0, 0, 0], { octet: 5 }],
  ["a bit that may not be changed", (unit) => controlPage(unit, 5, 0x40), { octet: 9, bit: 6 }],
];

for (const [title, list, field] of WRONG_PAGES) {
  Deno.test(`A108 A111: MODE SELECT: ${title} is pointed at`, async () => {
    const unit = unitOf();
    const { sense } = await select6(unit, [...HEADER_6, ...list(unit)]);
    assert.deepEqual(sense, {
      key: 5,
      code: INVALID_FIELD_IN_PARAMETER_LIST,
      field: { in: "data", ...field },
    });
  });
}

Deno.test("B-27: MODE SELECT: no list changes the unit unless it ends with GOOD", async () => {
  const octet = fc.oneof(fc.nat(255), fc.constantFrom(0, 2, 4, 8, 0x0a, 0x12, 0x10, 0xff));
  await fc.assert(
    fc.asyncProperty(fc.array(octet, { maxLength: 48 }), fc.boolean(), async (list, ten) => {
      const unit = unitOf();
      const before = (await run(unit, "1a 00 3f 00 ff 00")).data;
      const { status } = await (ten ? select10(unit, list) : select6(unit, list));
      assert.equal(unit.blockLength, 512);
      assert.equal(unit.blockCount, 2048);
      const after = (await run(unit, "1a 00 3f 00 ff 00")).data;
      if (status !== 0) assert.deepEqual(after, before);
    }),
    { numRuns: 2000 },
  );
});
