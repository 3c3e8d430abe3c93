import assert from "node:assert/strict";
import fc from "fast-check";
import type { Extent } from "../../../lib/block/device.ts";
import { provisioningRuns } from "../../../lib/scsi/provisioning.ts";
import { unitOf } from "../../support/scsi.ts";

const BLOCK = 4096;
const SECTOR = 512;
const BLOCKS = 16;

/** Extents of a device that tells one by one what it knows of its sectors, from `offset` on. */
function extentsOf(sectors: readonly boolean[], offset: number, limit: number): Extent[] {
  const all: Extent[] = [];
  for (let at = offset / SECTOR; at < sectors.length && all.length < limit; at++) {
    all.push({ offset: at * SECTOR, length: SECTOR, mapped: sectors[at]! });
  }
  return all;
}

Deno.test("A121 provisioningRuns: a block is mapped if any sector of it is", async () => {
  const sectors = fc.array(fc.boolean(), { minLength: 128, maxLength: 128 });
  const sparse = fc.array(fc.nat(127), { maxLength: 6 })
    .map((mapped) => Array.from({ length: 128 }, (_, at) => mapped.includes(at)));
  const property = fc.asyncProperty(
    fc.oneof(sectors, sparse),
    fc.nat(BLOCKS - 1),
    fc.integer({ min: 1, max: 40 }),
    async (sectors, first, most) => {
      const unit = unitOf({ size: BLOCKS * BLOCK, blockLength: BLOCK });
      unit.device.extents = (offset, _, limit) =>
        Promise.resolve(extentsOf(sectors, offset, limit));
      let next = first;
      let before: boolean | undefined;
      const runs = await provisioningRuns(unit, first, most);
      assert.ok(runs.length > 0);
      for (const run of runs) {
        assert.equal(run.first, next);
        assert.notEqual(run.mapped, before);
        for (const end = next + run.count; next < end; next++) {
          assert.equal(run.mapped, sectors.slice(next * 8, next * 8 + 8).includes(true));
        }
        before = run.mapped;
      }
    },
  );
  await fc.assert(property, { numRuns: 300 });
});

Deno.test("provisioningRuns: with room enough they reach to the last block", async () => {
  const unit = unitOf({ size: BLOCKS * BLOCK, blockLength: BLOCK });
  const sectors = Array.from({ length: 128 }, (_, at) => at === 77);
  unit.device.extents = (offset, _, limit) => Promise.resolve(extentsOf(sectors, offset, limit));
  assert.deepEqual(await provisioningRuns(unit, 2, 128), [
    { first: 2, count: 7, mapped: false },
    { first: 9, count: 1, mapped: true },
    { first: 10, count: 6, mapped: false },
  ]);
});
