import assert from "node:assert/strict";
import { DeviceError } from "../../../../lib/block/device.ts";
import { Status } from "../../../../lib/scsi/status.ts";
import { cdb, IMMED, Op, pattern, senseText } from "../../../support/block_commands.ts";
import { OTHER_NEXUS, run, unitOf } from "../../../support/scsi.ts";

const SYNCHRONIZES = [Op.SYNCHRONIZE_CACHE_10, Op.SYNCHRONIZE_CACHE];

Deno.test("A122 SYNCHRONIZE CACHE: status comes after the flush of what any nexus wrote", async () => {
  for (const opcode of SYNCHRONIZES) {
    for (const [lba, blockCount] of [[0, 0], [5, 2], [2047, 1], [2048, 0]] as const) {
      const unit = unitOf();
      await run(unit, cdb(Op.WRITE, 9, 1), { dataOut: pattern(512), nexus: OTHER_NEXUS });
      let ended = false;
      let release: (() => void) | undefined;
      unit.device.flush = () => new Promise((resolve) => release = resolve);
      const outcome = run(unit, cdb(opcode, lba, blockCount)).then((outcome) => {
        ended = true;
        return outcome;
      });
      await new Promise((resolve) => setImmediate(resolve));
      assert.equal(ended, false);
      release!();
      assert.equal((await outcome).status, Status.GOOD);
    }
  }
});

Deno.test("A122 SYNCHRONIZE CACHE: IMMED ends before the flush, which still is done", async () => {
  for (const opcode of SYNCHRONIZES) {
    const unit = unitOf();
    assert.equal((await run(unit, cdb(opcode, 0, 0, IMMED))).status, Status.GOOD);
    await new Promise((resolve) => setImmediate(resolve));
    assert.equal(unit.device.flushes, 1);
  }
});

Deno.test("A122 SYNCHRONIZE CACHE: a range past the last block is refused without a flush", async () => {
  for (const opcode of SYNCHRONIZES) {
    for (const flags of [0, IMMED]) {
      const unit = unitOf();
      assert.equal(senseText((await run(unit, cdb(opcode, 2040, 9, flags))).sense), "5/21/00");
      assert.equal(unit.device.flushes, 0);
    }
  }
});

Deno.test("A124 SYNCHRONIZE CACHE: once it has failed it never succeeds again", async () => {
  for (const flags of [0, IMMED]) {
    const unit = unitOf();
    unit.device.failure = new DeviceError("medium", "the disk failed");
    await run(unit, cdb(Op.SYNCHRONIZE_CACHE, 0, 0, flags));
    await new Promise((resolve) => setImmediate(resolve));
    unit.device.failure = undefined;
    const again = await run(unit, cdb(Op.SYNCHRONIZE_CACHE, 0, 0));
    assert.equal(senseText(again.sense), "3/0c/00");
    const write = await run(unit, cdb(Op.WRITE, 0, 1), { dataOut: pattern(512) });
    assert.equal(senseText(write.sense), "3/0c/00");
    assert.equal(unit.device.flushes, 0);
  }
});
