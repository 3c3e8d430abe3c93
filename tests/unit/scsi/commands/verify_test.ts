import assert from "node:assert/strict";
import { DeviceError } from "../../../../lib/block/device.ts";
import { begin } from "../../../../lib/scsi/device_server.ts";
import type { LogicalUnit } from "../../../../lib/scsi/logical_unit.ts";
import { Status } from "../../../../lib/scsi/status.ts";
import { Step } from "../../../../lib/scsi/task.ts";
import {
  BYTCHK,
  cdb,
  concatenated,
  DPO,
  Op,
  pattern,
  senseText,
} from "../../../support/block_commands.ts";
import { lunsOf, run, taskOf, unitOf } from "../../../support/scsi.ts";

const VERIFIES = [Op.VERIFY_10, Op.VERIFY_12, Op.VERIFY];

async function miscompareAt(unit: LogicalUnit, cdb: Uint8Array, dataOut: Uint8Array) {
  const { sense } = await run(unit, cdb, { dataOut });
  assert.equal(senseText(sense), "e/1d/00");
  return sense?.information;
}

Deno.test("A115 VERIFY: BYTCHK 0 reads every block and compares none", async () => {
  for (const slow of [false, true]) {
    const unit = unitOf({ slow });
    for (const opcode of VERIFIES) {
      unit.device.log.length = 0;
      const { status } = await run(unit, cdb(opcode, 1, 1100, DPO), { dataOut: pattern(512) });
      assert.equal(status, Status.GOOD);
      assert.deepEqual(unit.device.log, [
        "read 512+261632",
        "read 262144+262144",
        "read 524288+39424",
      ]);
    }
  }
});

Deno.test("A115 VERIFY: BYTCHK 1 finds the first octet that differs, wherever it is", async () => {
  for (const slow of [false, true]) {
    const unit = unitOf({ slow });
    const blocks = pattern(700 * 512);
    unit.device.poke(5 * 512, blocks);
    for (const opcode of VERIFIES) {
      const command = cdb(opcode, 5, 700, BYTCHK[1]);
      assert.equal((await run(unit, command, { dataOut: blocks })).status, Status.GOOD);
      for (const at of [0, 1, 511, 512, 259_583, 259_584, 262_144, blocks.length - 1]) {
        const other = blocks.slice();
        other[at]! ^= 0x10;
        if (at + 1 < other.length) other[at + 1]! ^= 0x01;
        assert.equal(await miscompareAt(unit, command, other), at);
      }
    }
  }
});

Deno.test("A115 VERIFY: BYTCHK 3 compares one block with each", async () => {
  const unit = unitOf();
  const block = pattern(512);
  for (let lba = 3; lba < 1003; lba++) unit.device.poke(lba * 512, block);
  for (const opcode of VERIFIES) {
    const command = cdb(opcode, 3, 1000, BYTCHK[3]);
    assert.equal((await run(unit, command, { dataOut: block })).status, Status.GOOD);
    const longer = cdb(opcode, 3, 1001, BYTCHK[3]);
    assert.equal(await miscompareAt(unit, longer, block), 1000 * 512);
    const other = block.slice();
    other[77]! ^= 1;
    assert.equal(await miscompareAt(unit, command, other), 77);
    const half = await run(unit, command, { dataOut: block.subarray(0, 256) });
    assert.equal(senseText(half.sense), "5/24/00");
  }
});

Deno.test("A115 VERIFY: the reserved BYTCHK is refused, with a pointer at it", async () => {
  const unit = unitOf();
  for (const opcode of VERIFIES) {
    const { sense } = await run(unit, cdb(opcode, 0, 1, BYTCHK[2]), { dataOut: pattern(512) });
    assert.equal(senseText(sense), "5/24/00");
    assert.deepEqual(sense?.field, { in: "cdb", octet: 1, bit: 2 });
  }
});

Deno.test("A114 VERIFY: VRPROTECT is refused", async () => {
  const unit = unitOf();
  for (const opcode of VERIFIES) {
    for (let protect = 1; protect < 8; protect++) {
      const flags = protect << 5 | BYTCHK[1];
      const { sense } = await run(unit, cdb(opcode, 0, 1, flags), { dataOut: pattern(512) });
      assert.equal(senseText(sense), "5/24/00");
    }
  }
});

Deno.test("A67 VERIFY: of less data than the CDB asks for, what came is compared", async () => {
  const unit = unitOf();
  unit.device.poke(0, pattern(1024));
  const command = cdb(Op.VERIFY, 0, 2, BYTCHK[1]);
  const same = pattern(1024).subarray(0, 200);
  assert.equal((await run(unit, command, { dataOut: same })).status, Status.GOOD);
  const other = concatenated(same.subarray(0, 199), Uint8Array.of(same[199]! ^ 1));
  assert.equal(await miscompareAt(unit, command, other), 199);
});

Deno.test("VERIFY: a block that cannot be read is a medium error", async () => {
  for (const flags of BYTCHK.filter((each) => each !== BYTCHK[2])) {
    const unit = unitOf();
    unit.device.failure = new DeviceError("medium", "the disk failed");
    const { sense } = await run(unit, cdb(Op.VERIFY, 0, 1, flags), { dataOut: pattern(512) });
    assert.equal(senseText(sense), "3/11/00");
  }
});

Deno.test("B-30 VERIFY: stops reading when it is aborted", async () => {
  const unit = unitOf();
  const task = taskOf(unit, cdb(Op.VERIFY, 0, 2048));
  assert.equal(begin(task, lunsOf(unit)), Step.WAIT);
  task.aborted = true;
  await task.promise;
  assert.deepEqual(unit.device.log, ["read 0+262144"]);
});
