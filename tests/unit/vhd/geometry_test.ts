import assert from "node:assert/strict";
import fc from "fast-check";
import {
  geometryOf,
  MOST_OCTETS,
  type TableClaim,
  validateGeometry,
} from "../../../lib/vhd/geometry.ts";

/** [sectors, cylinders, heads, sectors a track], at and around each boundary of the calculation. */
const CASES: [number, number, number, number][] = [
  [1, 0, 4, 17],
  [68, 1, 4, 17],
  [2048, 30, 4, 17], // 1 MiB
  [17 * 4096 - 1, 1023, 4, 17],
  [17 * 4096, 140, 16, 31],
  [131_072, 963, 8, 17], // 64 MiB
  [17 * 16 * 1023, 1023, 16, 17],
  [17 * 16 * 1024 - 1, 1023, 16, 17],
  [17 * 16 * 1024, 561, 16, 31],
  [31 * 16 * 1024 - 1, 1023, 16, 31],
  [31 * 16 * 1024, 503, 16, 63],
  [65535 * 16 * 63 - 1, 65534, 16, 63],
  [65535 * 16 * 63, 16191, 16, 255],
  [127 * 2 ** 21, 65278, 16, 255],
  [65535 * 16 * 255, 65535, 16, 255],
  [65535 * 16 * 255 + 1, 65535, 16, 255],
  [2040 * 2 ** 21, 65535, 16, 255],
];

for (const [sectors, cylinders, heads, sectorsPerTrack] of CASES) {
  Deno.test(`geometryOf: ${sectors} sectors make ${[cylinders, heads, sectorsPerTrack]}`, () => {
    assert.deepEqual(geometryOf(sectors), { cylinders, heads, sectorsPerTrack });
  });
}

Deno.test("geometryOf: never describes more than there is, and fits its fields", () => {
  fc.assert(fc.property(fc.integer({ min: 1, max: 2 ** 32 }), (sectors) => {
    const { cylinders, heads, sectorsPerTrack } = geometryOf(sectors);
    const described = cylinders * heads * sectorsPerTrack;
    assert.ok(described <= sectors);
    assert.ok(cylinders <= 65535 && heads <= 16 && sectorsPerTrack <= 255);
    const rest = Math.min(sectors, 65535 * 16 * 255) - described;
    assert.ok(rest < (heads + 1) * sectorsPerTrack, "less than a cylinder is left out");
  }));
});

Deno.test("B-32: a size is judged exactly, by one rule for creating and opening", () => {
  assert.equal(validateGeometry({ currentSize: 512n }), undefined);
  assert.equal(validateGeometry({ currentSize: BigInt(MOST_OCTETS) }), undefined);
  assert.match(validateGeometry({ currentSize: BigInt(MOST_OCTETS) + 512n })!, /2,040 GiB/);
  assert.match(validateGeometry({ currentSize: 2n ** 64n - 512n })!, /2,040 GiB/);
  assert.match(validateGeometry({ currentSize: 2n ** 53n + 1n })!, /multiple of 512/);
  assert.match(validateGeometry({ currentSize: 0n })!, /not possible/);
  assert.match(validateGeometry({ currentSize: 511n })!, /multiple of 512/);
  assert.equal(validateGeometry({ currentSize: 1024n, room: 1024 }), undefined);
  assert.match(validateGeometry({ currentSize: 1024n, room: 1023 })!, /missing/);
});

/** A disk of 64 MiB in blocks of 2 MiB, as qemu lays one out. */
const TABLE = {
  headerOffset: 512n,
  tableOffset: 1536n,
  maxTableEntries: 32,
  blockLength: 2 << 20,
  fileLength: 2560,
};

function flawOf(change: Partial<TableClaim>, currentSize = 64n << 20n): string | undefined {
  return validateGeometry({ currentSize, table: { ...TABLE, ...change } });
}

Deno.test("B-33: a block is a power of two from 4 KiB to 256 MiB", () => {
  const size = 1n << 20n;
  for (let shift = 12; shift <= 28; shift++) {
    assert.equal(flawOf({ blockLength: 2 ** shift, maxTableEntries: 256 }, size), undefined);
  }
  for (const blockLength of [0, 1, 512, 1536, 2048, 4095, 4097, 3 << 20, 1 << 29, 2 ** 31]) {
    assert.match(flawOf({ blockLength })!, /are not possible/, String(blockLength));
  }
});

Deno.test("B-32: a table must have an entry for each block of the disk", () => {
  assert.equal(flawOf({ maxTableEntries: 32 }), undefined);
  assert.match(flawOf({ maxTableEntries: 31 })!, /has 31 entries, and the disk has 32 blocks/);
  assert.match(flawOf({ maxTableEntries: 0 })!, /has 0 entries/);
  // 2^33 blocks: as 32 bits none at all.
  assert.match(flawOf({ blockLength: 4096 }, BigInt(MOST_OCTETS))!, /534773760 blocks/);
  assert.match(flawOf({}, 2n ** 54n)!, /2,040 GiB/);
});

Deno.test("B-34: a table is no larger than any disk needs, and all in its file", () => {
  const most = MOST_OCTETS / (2 << 20);
  const large = { fileLength: 2 ** 40 };
  assert.equal(flawOf({ ...large, maxTableEntries: most }), undefined);
  assert.match(flawOf({ ...large, maxTableEntries: most + 1 })!, /more than any disk needs/);
  assert.match(flawOf({ ...large, maxTableEntries: 0xffff_ffff })!, /more than any disk needs/);
  const fine = { ...large, blockLength: 4096, maxTableEntries: 2 ** 22 + 1 };
  assert.match(flawOf(fine, 2n ** 34n + 4096n)!, /4194305 blocks, more than 4194304/);
  assert.equal(flawOf(fine, 2n ** 34n), undefined, "a larger table than is used is no flaw");
  assert.match(flawOf({ fileLength: 1536 + 127 })!, /table of 128 octets at 1536 is not all in/);
  assert.match(flawOf({ tableOffset: 2n ** 63n })!, /not all in the file/);
});

Deno.test("B-35: the header and the table have places of their own, in whole sectors", () => {
  assert.match(flawOf({ headerOffset: 0n })!, /header cannot be at 0/);
  assert.match(flawOf({ headerOffset: 513n })!, /header cannot be at 513/);
  assert.match(flawOf({ tableOffset: 0n })!, /table cannot be at 0/);
  assert.match(flawOf({ tableOffset: 1024n })!, /header at 512 and its table at 1024 overlap/);
  assert.match(
    flawOf({ tableOffset: 512n, headerOffset: 1024n, maxTableEntries: 129 })!,
    /overlap/,
  );
  assert.equal(flawOf({ tableOffset: 512n, headerOffset: 1024n, maxTableEntries: 128 }), undefined);
});
