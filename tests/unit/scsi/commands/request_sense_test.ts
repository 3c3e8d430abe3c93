import assert from "node:assert/strict";
import { CAPACITY_DATA_HAS_CHANGED, INQUIRY_DATA_HAS_CHANGED } from "../../../../lib/scsi/sense.ts";
import { parseSense } from "../../../../lib/scsi/sense_data.ts";
import { NEXUS, run, unitOf } from "../../../support/scsi.ts";

const FIXED = "03 00 00 00 fc 00";
const DESCRIPTOR = "03 01 00 00 fc 00";

Deno.test("A97: REQUEST SENSE: returns a unit attention as data with GOOD, and clears it", async () => {
  const unit = unitOf();
  unit.attentions.establish(NEXUS, CAPACITY_DATA_HAS_CHANGED);
  unit.attentions.establish(NEXUS, INQUIRY_DATA_HAS_CHANGED);
  for (const code of [0x2a09, 0x3f03]) {
    const { status, data } = await run(unit, FIXED);
    assert.equal(status, 0);
    assert.deepEqual(parseSense(data), { key: 6, code, deferred: false });
  }
  assert.deepEqual(parseSense((await run(unit, FIXED)).data), { key: 0, code: 0, deferred: false });
  assert.equal((await run(unit, "00 00 00 00 00 00")).status, 0);
});

Deno.test("A72: REQUEST SENSE: DESC chooses the format, whatever D_SENSE says", async () => {
  const unit = unitOf();
  assert.equal((await run(unit, FIXED)).data[0], 0x70);
  assert.equal((await run(unit, DESCRIPTOR)).data[0], 0x72);
});

Deno.test("REQUEST SENSE: tells the progress of a sanitize operation, again and again", async () => {
  const unit = unitOf();
  unit.medium.sanitizing(0x4000);
  for (let i = 0; i < 2; i++) {
    const { status, data } = await run(unit, FIXED);
    assert.equal(status, 0);
    assert.deepEqual(parseSense(data), {
      key: 2,
      code: 0x041b,
      progress: 0x4000,
      deferred: false,
    });
  }
});
