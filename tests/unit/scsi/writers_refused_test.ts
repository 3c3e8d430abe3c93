import assert from "node:assert/strict";
import { Status } from "../../../lib/scsi/status.ts";
import { cdb, Op, senseText, unmapCdb, unmapList } from "../../support/block_commands.ts";
import { run, unitOf } from "../../support/scsi.ts";

const LIST = unmapList([0, 1]);
const WRITERS: readonly { name: string; cdb: Uint8Array; dataOut?: Uint8Array }[] = [
  { name: "WRITE(6)", cdb: cdb(Op.WRITE_6, 0, 1) },
  { name: "WRITE(10)", cdb: cdb(Op.WRITE_10, 0, 1) },
  { name: "WRITE(12)", cdb: cdb(Op.WRITE_12, 0, 1) },
  { name: "WRITE(16)", cdb: cdb(Op.WRITE, 0, 1) },
  { name: "WRITE AND VERIFY(10)", cdb: cdb(Op.WRITE_AND_VERIFY_10, 0, 1, 0x02) },
  { name: "WRITE AND VERIFY(12)", cdb: cdb(Op.WRITE_AND_VERIFY_12, 0, 1, 0x02) },
  { name: "WRITE AND VERIFY(16)", cdb: cdb(Op.WRITE_AND_VERIFY, 0, 1, 0x02) },
  { name: "WRITE SAME(10)", cdb: cdb(Op.WRITE_SAME_10, 0, 1) },
  { name: "WRITE SAME(10) UNMAP", cdb: cdb(Op.WRITE_SAME_10, 0, 1, 0x08) },
  { name: "WRITE SAME(16)", cdb: cdb(Op.WRITE_SAME, 0, 1) },
  { name: "WRITE SAME(16) UNMAP NDOB", cdb: cdb(Op.WRITE_SAME, 0, 1, 0x09) },
  { name: "COMPARE AND WRITE", cdb: cdb(Op.COMPARE_AND_WRITE, 0, 1) },
  { name: "ORWRITE(16)", cdb: cdb(Op.ORWRITE, 0, 1) },
  { name: "WRITE ATOMIC(16)", cdb: cdb(Op.WRITE_ATOMIC, 0, 1) },
  { name: "UNMAP", cdb: unmapCdb(LIST.length), dataOut: LIST },
];
const OTHERS: readonly { name: string; cdb: Uint8Array }[] = [
  { name: "READ(10)", cdb: cdb(Op.READ_10, 0, 1) },
  { name: "READ(16) FUA", cdb: cdb(Op.READ, 0, 1, 0x08) },
  { name: "VERIFY(16)", cdb: cdb(Op.VERIFY, 0, 1) },
  { name: "PRE-FETCH(16)", cdb: cdb(Op.PRE_FETCH, 0, 1) },
  { name: "SYNCHRONIZE CACHE(16)", cdb: cdb(Op.SYNCHRONIZE_CACHE, 0, 1) },
];

for (const { name, cdb, dataOut = new Uint8Array(1024) } of WRITERS) {
  Deno.test(`A127 ${name}: is refused where the medium or the mapping is read-only`, async () => {
    const readOnly = unitOf({ write: false });
    assert.equal(senseText((await run(readOnly, cdb, { dataOut })).sense), "7/27/00");
    assert.deepEqual(readOnly.device.log, []);
    const mapped = unitOf();
    const outcome = await run(mapped, cdb, { dataOut, writeProtected: true });
    assert.equal(senseText(outcome.sense), "7/27/00");
    assert.deepEqual(mapped.device.log, []);
    assert.equal((await run(mapped, cdb, { dataOut })).status, Status.GOOD);
  });

  Deno.test(`A124 ${name}: is refused once a flush has failed`, async () => {
    const unit = unitOf();
    unit.fence("a flush failed");
    assert.equal(senseText((await run(unit, cdb, { dataOut })).sense), "3/0c/00");
    assert.deepEqual(unit.device.log, []);
  });
}

for (const { name, cdb } of OTHERS) {
  Deno.test(`A127 ${name}: goes on where the medium or the mapping is read-only`, async () => {
    assert.equal((await run(unitOf({ write: false }), cdb)).status, Status.GOOD);
    assert.equal((await run(unitOf(), cdb, { writeProtected: true })).status, Status.GOOD);
  });
}
