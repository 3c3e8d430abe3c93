import assert from "node:assert/strict";
import { DeviceError } from "../../../../lib/block/device.ts";
import { Status } from "../../../../lib/scsi/status.ts";
import { cdb, DPO, FUA, FUA_NV, Op, pattern, senseText } from "../../../support/block_commands.ts";
import { run, unitOf } from "../../../support/scsi.ts";

const WRITES = [Op.WRITE_6, Op.WRITE_10, Op.WRITE_12, Op.WRITE];
const WITH_FLAGS = WRITES.slice(1);

/** MODE SELECT(6) of a caching page without WCE. */
const WITHOUT_CACHE = Uint8Array.of(0, 0, 0, 0, 8, 18, ...new Uint8Array(18));

Deno.test("WRITE: every form writes the blocks that it names, and no others", async () => {
  for (const slow of [false, true]) {
    for (const opcode of WRITES) {
      const unit = unitOf({ slow });
      unit.device.poke(0, pattern(8 * 512));
      const dataOut = pattern(2 * 512, 7);
      assert.equal((await run(unit, cdb(opcode, 3, 2), { dataOut })).status, Status.GOOD);
      const wanted = pattern(8 * 512);
      wanted.set(dataOut, 3 * 512);
      assert.deepEqual(unit.device.peek(0, 8 * 512), wanted);
    }
  }
});

Deno.test("A113 WRITE: a count of zero writes nothing and flushes nothing", async () => {
  const unit = unitOf();
  for (const opcode of WITH_FLAGS) {
    assert.equal((await run(unit, cdb(opcode, 0, 0, FUA))).status, Status.GOOD);
  }
  assert.deepEqual(unit.device.log, []);
});

Deno.test("A114 WRITE: WRPROTECT is refused, with nothing written", async () => {
  const unit = unitOf();
  for (const opcode of WITH_FLAGS) {
    for (let protect = 1; protect < 8; protect++) {
      const dataOut = pattern(512);
      const { sense } = await run(unit, cdb(opcode, 0, 1, protect << 5), { dataOut });
      assert.equal(senseText(sense), "5/24/00");
      assert.equal(sense?.field?.octet, 1);
    }
  }
  assert.deepEqual(unit.device.log, []);
});

Deno.test("A114 A123 WRITE: FUA flushes before status; DPO and FUA_NV do not", async () => {
  const unit = unitOf();
  for (const opcode of WITH_FLAGS) {
    for (const flags of [0, DPO, FUA_NV, FUA, DPO | FUA, DPO | FUA | FUA_NV]) {
      unit.device.log.length = 0;
      await run(unit, cdb(opcode, 1, 1, flags), { dataOut: pattern(512) });
      const flushed = (flags & FUA) === 0 ? [] : ["flush"];
      assert.deepEqual(unit.device.log, ["write 512+512", ...flushed]);
    }
  }
});

Deno.test("A123 WRITE: without a write cache every write is flushed before status", async () => {
  const unit = unitOf();
  const select = await run(unit, [0x15, 0x10, 0, 0, WITHOUT_CACHE.length, 0], {
    dataOut: WITHOUT_CACHE,
  });
  assert.equal(select.status, Status.GOOD);
  for (const opcode of WRITES) {
    unit.device.log.length = 0;
    await run(unit, cdb(opcode, 1, 1), { dataOut: pattern(512) });
    assert.deepEqual(unit.device.log, ["write 512+512", "flush"]);
  }
});

Deno.test("A124 WRITE: a failed flush is told, and fences the unit", async () => {
  const unit = unitOf();
  const { device } = unit;
  const flush = device.flush.bind(device);
  device.flush = () => Promise.reject(new DeviceError("medium", "the disk failed"));
  const dataOut = pattern(512);
  assert.equal(
    senseText((await run(unit, cdb(Op.WRITE, 0, 1, FUA), { dataOut })).sense),
    "3/0c/00",
  );
  device.flush = flush;
  device.log.length = 0;
  assert.match(unit.fenced ?? "", /the disk failed/);
  assert.equal(senseText((await run(unit, cdb(Op.WRITE, 0, 1), { dataOut })).sense), "3/0c/00");
  assert.deepEqual(device.log, []);
  assert.equal((await run(unit, cdb(Op.READ, 0, 1))).status, Status.GOOD);
});

Deno.test("A125 WRITE: a full medium is told; reads, and writes where there is room, go on", async () => {
  const unit = unitOf();
  const dataOut = pattern(512);
  unit.device.failure = new DeviceError("no-space", "the file system is full");
  assert.equal(senseText((await run(unit, cdb(Op.WRITE, 0, 1), { dataOut })).sense), "7/27/07");
  unit.device.failure = undefined;
  assert.equal(unit.fenced, undefined);
  assert.equal((await run(unit, cdb(Op.READ, 0, 1))).status, Status.GOOD);
  assert.equal((await run(unit, cdb(Op.WRITE, 0, 1), { dataOut })).status, Status.GOOD);
});

Deno.test("A67 WRITE: of less data than the CDB asks for, what came is written and no more", async () => {
  const unit = unitOf();
  unit.device.poke(0, pattern(1024));
  const dataOut = pattern(512, 5);
  assert.equal((await run(unit, cdb(Op.WRITE_10, 0, 2), { dataOut })).status, Status.GOOD);
  assert.deepEqual(unit.device.peek(0, 512), dataOut);
  assert.deepEqual(unit.device.peek(512, 512), pattern(1024).subarray(512));
});
