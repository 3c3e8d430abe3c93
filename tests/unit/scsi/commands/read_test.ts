import assert from "node:assert/strict";
import { DeviceError } from "../../../../lib/block/device.ts";
import { begin } from "../../../../lib/scsi/device_server.ts";
import { Status } from "../../../../lib/scsi/status.ts";
import { Step } from "../../../../lib/scsi/task.ts";
import { cdb, DPO, FUA, FUA_NV, Op, pattern, senseText } from "../../../support/block_commands.ts";
import { lunsOf, run, taskOf, unitOf } from "../../../support/scsi.ts";

const READS = [Op.READ_6, Op.READ_10, Op.READ_12, Op.READ];
const WITH_FLAGS = READS.slice(1);

Deno.test("READ: every form reads the blocks that it names", async () => {
  for (const slow of [false, true]) {
    const unit = unitOf({ slow });
    unit.device.poke(0, pattern(64 * 512));
    for (const opcode of READS) {
      const { status, data } = await run(unit, cdb(opcode, 3, 5));
      assert.equal(status, Status.GOOD);
      assert.deepEqual(data, pattern(64 * 512).subarray(3 * 512, 8 * 512));
    }
  }
});

Deno.test("A113 READ: a count of zero moves nothing, but 256 blocks in the 6-octet form", () => {
  const unit = unitOf();
  for (const opcode of READS) {
    const task = taskOf(unit, cdb(opcode, 1, 0));
    const step = begin(task, lunsOf(unit));
    if (opcode === Op.READ_6) {
      assert.equal(step, Step.READ);
      assert.equal(task.length, 256 * 512);
    } else {
      assert.equal(step, Step.DONE);
      assert.equal(task.status, Status.GOOD);
    }
  }
});

Deno.test("A114 READ: RDPROTECT is refused, with a pointer at it", async () => {
  const unit = unitOf();
  for (const opcode of WITH_FLAGS) {
    for (let protect = 1; protect < 8; protect++) {
      const { sense } = await run(unit, cdb(opcode, 0, 1, protect << 5));
      assert.equal(senseText(sense), "5/24/00");
      assert.equal(sense?.field?.octet, 1);
    }
  }
});

Deno.test("A114 READ: DPO and the obsolete FUA_NV change nothing", async () => {
  const unit = unitOf();
  for (const opcode of WITH_FLAGS) {
    for (const flags of [DPO, FUA_NV, DPO | FUA_NV]) {
      assert.equal((await run(unit, cdb(opcode, 0, 1, flags))).status, Status.GOOD);
    }
  }
  assert.equal(unit.device.flushes, 0);
});

Deno.test("A114 READ: FUA brings what was written to the medium before it reads", async () => {
  const unit = unitOf();
  for (const opcode of WITH_FLAGS) {
    unit.device.log.length = 0;
    const { status, data } = await run(unit, cdb(opcode, 2, 1, FUA | DPO));
    assert.equal(status, Status.GOOD);
    assert.equal(data.length, 512);
    assert.deepEqual(unit.device.log, ["flush", "read 1024+512"]);
  }
});

Deno.test("A124 READ: FUA fails where the flush fails, and other reads go on", async () => {
  const unit = unitOf();
  unit.device.failure = new DeviceError("medium", "the disk failed");
  assert.equal(senseText((await run(unit, cdb(Op.READ, 0, 1, FUA))).sense), "3/0c/00");
  unit.device.failure = undefined;
  assert.equal((await run(unit, cdb(Op.READ, 0, 1))).status, Status.GOOD);
  assert.equal(senseText((await run(unit, cdb(Op.READ, 0, 1, FUA))).sense), "3/0c/00");
});

Deno.test("READ: FUA needs no flush of a device that cannot be written", async () => {
  const unit = unitOf({ write: false });
  assert.equal((await run(unit, cdb(Op.READ_10, 0, 1, FUA))).status, Status.GOOD);
  assert.deepEqual(unit.device.log, ["read 0+512"]);
});

Deno.test("READ: a block that cannot be read is a medium error", async () => {
  const unit = unitOf();
  unit.device.failure = new DeviceError("medium", "the disk failed");
  assert.equal(senseText((await run(unit, cdb(Op.READ, 0, 1))).sense), "3/11/00");
});
