import assert from "node:assert/strict";
import fc from "fast-check";
import { flawOfSize, geometryOf, MOST_OCTETS } from "../../../lib/vhd/geometry.ts";

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
  assert.equal(flawOfSize({ currentSize: 512n }), undefined);
  assert.equal(flawOfSize({ currentSize: BigInt(MOST_OCTETS) }), undefined);
  assert.match(flawOfSize({ currentSize: BigInt(MOST_OCTETS) + 512n })!, /2,040 GiB/);
  assert.match(flawOfSize({ currentSize: 2n ** 64n - 512n })!, /2,040 GiB/);
  assert.match(flawOfSize({ currentSize: 2n ** 53n + 1n })!, /multiple of 512/);
  assert.match(flawOfSize({ currentSize: 0n })!, /not possible/);
  assert.match(flawOfSize({ currentSize: 511n })!, /multiple of 512/);
  assert.equal(flawOfSize({ currentSize: 1024n, room: 1024 }), undefined);
  assert.match(flawOfSize({ currentSize: 1024n, room: 1023 })!, /missing/);
});
