import assert from "node:assert/strict";
import { DeviceError } from "../../../../lib/block/device.ts";
import {
  MEDIUM_NOT_PRESENT,
  MEDIUM_REMOVAL_PREVENTED,
  NOT_READY_TO_READY_CHANGE,
  WRITE_ERROR,
} from "../../../../lib/scsi/sense.ts";
import { NEXUS, OTHER_NEXUS, run, unitOf } from "../../../support/scsi.ts";

const START = "1b 00 00 00 01 00";
const STOP = "1b 00 00 00 00 00";
const LOAD = "1b 00 00 00 03 00";
const EJECT = "1b 00 00 00 02 00";
const EJECT_AT_ONCE = "1b 01 00 00 02 00";
const PREVENT = "1e 00 00 00 01 00";
const ALLOW = "1e 00 00 00 00 00";
const TEST_UNIT_READY = "00 00 00 00 00 00";
const RESERVE = "16 00 00 00 00 00";

Deno.test("START STOP UNIT: stopping flushes, and the unit stays ready for its other hosts", async () => {
  for (const removable of [false, true]) {
    const unit = unitOf({ removable });
    assert.equal((await run(unit, STOP)).status, 0);
    assert.equal(unit.device.flushes, 1);
    for (const nexus of [NEXUS, OTHER_NEXUS]) {
      assert.equal((await run(unit, TEST_UNIT_READY, { nexus })).status, 0);
    }
    assert.equal((await run(unit, START)).status, 0);
  }
});

Deno.test("START STOP UNIT: NO_FLUSH does not flush, nor does starting", async () => {
  const unit = unitOf();
  await run(unit, "1b 00 00 00 04 00");
  await run(unit, START);
  assert.equal(unit.device.flushes, 0);
});

Deno.test("A124: START STOP UNIT: a flush that fails is told, and fences the unit", async () => {
  const unit = unitOf();
  unit.device.failure = new DeviceError("medium", "the disk is broken");
  assert.equal((await run(unit, STOP)).sense, WRITE_ERROR);
  assert.notEqual(unit.fenced, undefined);
});

Deno.test("START STOP UNIT: every power condition is accepted and changes nothing", async () => {
  const unit = unitOf({ removable: true });
  for (let condition = 1; condition < 16; condition++) {
    const cdb = [0x1b, 1, 0, 0, condition << 4 | 0x02, 0];
    assert.equal((await run(unit, cdb)).status, 0);
    assert.equal((await run(unit, TEST_UNIT_READY)).status, 0);
  }
});

for (const [title, eject] of [["when it is out", EJECT], ["at once", EJECT_AT_ONCE]] as const) {
  Deno.test(`START STOP UNIT: ejects, with status ${title}, and loads again`, async () => {
    const unit = unitOf({ removable: true });
    assert.equal((await run(unit, eject)).status, 0);
    await Promise.resolve();
    assert.equal(unit.device.flushes, 1);
    assert.equal((await run(unit, TEST_UNIT_READY)).sense, MEDIUM_NOT_PRESENT);
    assert.equal((await run(unit, START)).sense, MEDIUM_NOT_PRESENT);
    assert.equal((await run(unit, LOAD)).status, 0);
    assert.equal((await run(unit, TEST_UNIT_READY)).status, 0);
  });
}

Deno.test("A98: START STOP UNIT: the others hear that the medium is back, who loaded it does not", async () => {
  const unit = unitOf({ removable: true });
  await run(unit, EJECT);
  await run(unit, LOAD);
  assert.equal(unit.attentions.peek(NEXUS), undefined);
  assert.equal(unit.attentions.peek(OTHER_NEXUS), NOT_READY_TO_READY_CHANGE);
});

Deno.test("START STOP UNIT: what is not removable cannot be ejected", async () => {
  const unit = unitOf();
  const { sense } = await run(unit, EJECT);
  assert.deepEqual(sense, { key: 5, code: 0x2400, field: { in: "cdb", octet: 4, bit: 1 } });
  assert.equal((await run(unit, TEST_UNIT_READY)).status, 0);
});

Deno.test("PREVENT ALLOW MEDIUM REMOVAL: while any nexus prevents it, nobody ejects or loads", async () => {
  const unit = unitOf({ removable: true });
  await run(unit, PREVENT);
  for (const nexus of [NEXUS, OTHER_NEXUS]) {
    assert.equal((await run(unit, EJECT, { nexus })).sense, MEDIUM_REMOVAL_PREVENTED);
  }
  assert.equal((await run(unit, TEST_UNIT_READY)).status, 0);
  await run(unit, ALLOW, { nexus: OTHER_NEXUS });
  assert.equal((await run(unit, EJECT)).sense, MEDIUM_REMOVAL_PREVENTED);
  await run(unit, ALLOW);
  assert.equal((await run(unit, EJECT)).status, 0);
  assert.equal((await run(unit, PREVENT)).status, 0);
  assert.equal((await run(unit, LOAD)).sense, MEDIUM_REMOVAL_PREVENTED);
});

Deno.test("PREVENT ALLOW MEDIUM REMOVAL: a lost nexus prevents nothing any more", async () => {
  const unit = unitOf({ removable: true });
  await run(unit, PREVENT);
  unit.detach(NEXUS);
  assert.equal((await run(unit, EJECT, { nexus: OTHER_NEXUS })).status, 0);
});

Deno.test("PREVENT ALLOW MEDIUM REMOVAL: a reset ends every prevention", async () => {
  const unit = unitOf({ removable: true });
  await run(unit, PREVENT);
  await unit.reset();
  await run(unit, TEST_UNIT_READY);
  assert.equal((await run(unit, EJECT)).status, 0);
});

Deno.test("PREVENT ALLOW MEDIUM REMOVAL: is not offered where nothing can be removed", async () => {
  assert.equal((await run(unitOf(), PREVENT)).sense?.code, 0x2000);
});

Deno.test("A132: START STOP UNIT and PREVENT ALLOW hold to a foreign reservation", async () => {
  const unit = unitOf({ removable: true });
  await run(unit, RESERVE);
  for (const cdb of [STOP, EJECT, LOAD, PREVENT]) {
    assert.equal((await run(unit, cdb, { nexus: OTHER_NEXUS })).status, 0x18, cdb);
  }
  assert.equal((await run(unit, ALLOW, { nexus: OTHER_NEXUS })).status, 0);
});
