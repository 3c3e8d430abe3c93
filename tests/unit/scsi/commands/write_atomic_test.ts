import assert from "node:assert/strict";
import { begin, finish } from "../../../../lib/scsi/device_server.ts";
import { Status } from "../../../../lib/scsi/status.ts";
import { Step } from "../../../../lib/scsi/task.ts";
import { cdb, DPO, FUA, Op, pattern, senseText } from "../../../support/block_commands.ts";
import { lunsOf, run, taskOf, unitOf } from "../../../support/scsi.ts";

const OP = Op.WRITE_ATOMIC;

Deno.test("A126 WRITE ATOMIC: writes its blocks in one piece", async () => {
  for (const slow of [false, true]) {
    for (const blockCount of [1, 256, 2048]) {
      const unit = unitOf({ slow, size: 4 << 20 });
      const dataOut = pattern(blockCount * 512);
      assert.equal((await run(unit, cdb(OP, 5, blockCount), { dataOut })).status, Status.GOOD);
      assert.deepEqual(unit.device.log, [`write 2560+${dataOut.length}`]);
      assert.deepEqual(unit.device.peek(2560, dataOut.length), dataOut);
    }
  }
});

Deno.test("A126 WRITE ATOMIC: more than MAXIMUM ATOMIC TRANSFER LENGTH is refused", async () => {
  const unit = unitOf({ size: 4 << 20 });
  const dataOut = new Uint8Array(2049 * 512);
  const { sense } = await run(unit, cdb(OP, 0, 2049), { dataOut });
  assert.equal(senseText(sense), "5/24/00");
  assert.deepEqual(sense?.field, { in: "cdb", octet: 12 });
  // What is out of range as well is told first.
  assert.equal(senseText((await run(unit, cdb(OP, 8000, 2049), { dataOut })).sense), "5/21/00");
});

Deno.test("A114 A123 A126 WRITE ATOMIC: FUA is honoured; WRPROTECT and a boundary are refused", async () => {
  const unit = unitOf();
  for (const flags of [0, DPO, FUA, DPO | FUA]) {
    unit.device.log.length = 0;
    await run(unit, cdb(OP, 0, 1, flags), { dataOut: pattern(512) });
    assert.deepEqual(
      unit.device.log,
      (flags & FUA) === 0 ? ["write 0+512"] : ["write 0+512", "flush"],
    );
  }
  const protect = await run(unit, cdb(OP, 0, 1, 0x20), { dataOut: pattern(512) });
  assert.equal(senseText(protect.sense), "5/24/00");
  const boundary = cdb(OP, 0, 1);
  boundary[11] = 8;
  assert.equal(senseText((await run(unit, boundary)).sense), "5/24/00");
});

Deno.test("A67 WRITE ATOMIC: of less data than the CDB asks for, nothing is written", async () => {
  const unit = unitOf();
  const { sense } = await run(unit, cdb(OP, 0, 2), { dataOut: pattern(512) });
  assert.equal(senseText(sense), "5/24/00");
  assert.deepEqual(unit.device.log, []);
});

Deno.test("A126 WRITE ATOMIC: aborted while it waits for its range, it writes nothing", async () => {
  const unit = unitOf();
  const release = await unit.locks.exclusive(512, 512);
  const task = taskOf(unit, cdb(OP, 0, 4));
  assert.equal(begin(task, lunsOf(unit)), Step.COLLECT);
  task.data = pattern(2048);
  assert.equal(finish(task), Step.WAIT);
  task.aborted = true;
  release();
  await task.promise;
  assert.deepEqual(unit.device.log, []);
  assert.equal(unit.locks.idle, true);
});
