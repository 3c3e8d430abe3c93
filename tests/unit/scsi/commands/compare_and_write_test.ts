import assert from "node:assert/strict";
import { begin, finish } from "../../../../lib/scsi/device_server.ts";
import { Status } from "../../../../lib/scsi/status.ts";
import { Step } from "../../../../lib/scsi/task.ts";
import {
  cdb,
  concatenated,
  DPO,
  FUA,
  Op,
  pattern,
  senseText,
} from "../../../support/block_commands.ts";
import { join, lunsOf, nexusOf, run, taskOf, unitOf } from "../../../support/scsi.ts";

const OP = Op.COMPARE_AND_WRITE;

Deno.test("A117 COMPARE AND WRITE: writes the second half if the first is what is there", async () => {
  for (const slow of [false, true]) {
    for (const blockCount of [1, 2, 255]) {
      const unit = unitOf({ slow });
      unit.device.poke(0, pattern(1 << 20));
      const old = unit.device.peek(10 * 512, blockCount * 512);
      const fresh = pattern(blockCount * 512, 2);
      const dataOut = concatenated(old, fresh);
      assert.equal((await run(unit, cdb(OP, 10, blockCount), { dataOut })).status, Status.GOOD);
      const wanted = pattern(1 << 20);
      wanted.set(fresh, 10 * 512);
      assert.deepEqual(unit.device.peek(0, 1 << 20), wanted);
    }
  }
});

Deno.test("A117 COMPARE AND WRITE: tells where the first octet differs, and writes nothing", async () => {
  for (const slow of [false, true]) {
    const unit = unitOf({ slow });
    unit.device.poke(0, pattern(2048));
    for (const at of [0, 1, 27, 511, 512, 1023]) {
      const dataOut = concatenated(pattern(2048).subarray(0, 1024), pattern(1024, 2));
      dataOut[at]! ^= 0x80;
      const { sense } = await run(unit, cdb(OP, 0, 2), { dataOut });
      assert.equal(senseText(sense), "e/1d/00");
      assert.equal(sense?.information, at);
      assert.deepEqual(unit.device.peek(0, 2048), pattern(2048));
    }
  }
});

Deno.test("A117 COMPARE AND WRITE: a count of zero is no comparison, and GOOD", async () => {
  const unit = unitOf();
  assert.equal((await run(unit, cdb(OP, 0, 0, FUA))).status, Status.GOOD);
  assert.deepEqual(unit.device.log, []);
});

Deno.test("A117 COMPARE AND WRITE: less data than twice the blocks is refused", async () => {
  const unit = unitOf();
  for (const length of [0, 512, 1024, 1536, 2047]) {
    const { sense } = await run(unit, cdb(OP, 0, 2), { dataOut: new Uint8Array(length) });
    assert.equal(senseText(sense), "5/24/00");
  }
  assert.deepEqual(unit.device.log, []);
});

Deno.test("A117 COMPARE AND WRITE: more data than twice the blocks is refused before it is sent", () => {
  const unit = unitOf();
  const task = taskOf(unit, cdb(OP, 0, 1));
  task.dataOutBufferSize = 2048;
  assert.equal(begin(task, lunsOf(unit)), Step.DONE);
  assert.equal(senseText(task.sense), "5/24/00");
});

Deno.test("A114 A117 A123 COMPARE AND WRITE: is durable with FUA; WRPROTECT is refused", async () => {
  const unit = unitOf();
  const dataOut = new Uint8Array(1024);
  for (const flags of [0, DPO, FUA, DPO | FUA]) {
    unit.device.log.length = 0;
    assert.equal((await run(unit, cdb(OP, 0, 1, flags), { dataOut })).status, Status.GOOD);
    const flushed = (flags & FUA) === 0 ? [] : ["flush"];
    assert.deepEqual(unit.device.log, ["read 0+512", "write 0+512", ...flushed]);
  }
  const { sense } = await run(unit, cdb(OP, 0, 1, 0x20), { dataOut });
  assert.equal(senseText(sense), "5/24/00");
});

Deno.test("A117 COMPARE AND WRITE: of many at once each sees the one before it", async () => {
  for (const slow of [false, true]) {
    const unit = unitOf({ slow });
    const increments = Array.from({ length: 40 }, async (_, index) => {
      const nexus = nexusOf(10 + index);
      join(unit, nexus);
      for (;;) {
        const { data: old } = await run(unit, cdb(Op.READ, 3, 1), { nexus });
        const fresh = old.slice();
        new DataView(fresh.buffer).setUint32(0, new DataView(old.buffer).getUint32(0) + 1);
        const dataOut = concatenated(old, fresh);
        const { status, sense } = await run(unit, cdb(OP, 3, 1), { dataOut, nexus });
        if (status === Status.GOOD) return;
        assert.equal(senseText(sense), "e/1d/00");
      }
    });
    await Promise.all(increments);
    assert.equal(new DataView(unit.device.peek(3 * 512, 4).buffer).getUint32(0), 40);
    assert.equal(unit.locks.idle, true);
  }
});

Deno.test("A117 COMPARE AND WRITE: waits for a transfer on its range, and aborted meanwhile does nothing", async () => {
  for (const aborted of [false, true]) {
    const unit = unitOf();
    const release = await unit.locks.shared(0, 512);
    const task = taskOf(unit, cdb(OP, 0, 1));
    assert.equal(begin(task, lunsOf(unit)), Step.COLLECT);
    assert.equal(task.length, 1024);
    task.data = concatenated(new Uint8Array(512), pattern(512));
    assert.equal(finish(task), Step.WAIT);
    await new Promise((resolve) => setImmediate(resolve));
    assert.equal(unit.device.log.length, 0);
    task.aborted = aborted;
    release();
    await task.promise;
    assert.equal(unit.device.log.includes("write 0+512"), !aborted);
    assert.equal(unit.locks.free(0, 512), true);
  }
});

Deno.test("A117 COMPARE AND WRITE: ends within the turn in which its data came, where the device can", async () => {
  const unit = unitOf();
  let turned = false;
  setImmediate(() => turned = true);
  const dataOut = concatenated(new Uint8Array(512), pattern(512));
  assert.equal((await run(unit, cdb(OP, 0, 1), { dataOut })).status, Status.GOOD);
  assert.equal(turned, false);
  await new Promise((resolve) => setImmediate(resolve));
});
