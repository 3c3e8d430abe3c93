import assert from "node:assert/strict";
import { DeviceError } from "../../../../lib/block/device.ts";
import { MemoryDevice } from "../../../../lib/block/memory.ts";
import { begin } from "../../../../lib/scsi/device_server.ts";
import { Status } from "../../../../lib/scsi/status.ts";
import { Step } from "../../../../lib/scsi/task.ts";
import {
  ANCHOR,
  cdb,
  NDOB,
  Op,
  pattern,
  senseText,
  UNMAP,
} from "../../../support/block_commands.ts";
import { lunsOf, run, taskOf, unitOf } from "../../../support/scsi.ts";

const WRITE_SAMES = [Op.WRITE_SAME_10, Op.WRITE_SAME];
const ZEROS = new Uint8Array(512);

function filled(block: Uint8Array, blockCount: number): Uint8Array {
  const octets = new Uint8Array(block.length * blockCount);
  for (let at = 0; at < octets.length; at += block.length) octets.set(block, at);
  return octets;
}

Deno.test("A118 WRITE SAME: the block is written to each, and to no other", async () => {
  const block = pattern(512);
  for (const slow of [false, true]) {
    for (const unmap of [false, true]) {
      for (const opcode of WRITE_SAMES) {
        for (const blockCount of [1, 2, 255, 1100]) {
          const unit = unitOf({ slow, unmap });
          unit.device.poke(0, pattern(1 << 20, 2));
          const { status } = await run(unit, cdb(opcode, 7, blockCount), { dataOut: block });
          assert.equal(status, Status.GOOD);
          const wanted = pattern(1 << 20, 2);
          wanted.set(filled(block, blockCount), 7 * 512);
          assert.deepEqual(unit.device.peek(0, 1 << 20), wanted);
        }
      }
    }
  }
});

Deno.test("A118 WRITE SAME: a count of zero reaches to the last block of a unit that is not thin", async () => {
  for (const opcode of WRITE_SAMES) {
    const unit = unitOf({ unmap: false });
    assert.equal((await run(unit, cdb(opcode, 2000, 0), { dataOut: pattern(512) })).status, 0);
    assert.deepEqual(unit.device.peek(2000 * 512, 48 * 512), filled(pattern(512), 48));
    assert.deepEqual(unit.device.peek(1999 * 512, 512), ZEROS);
    assert.equal((await run(unit, cdb(opcode, 2048, 0), { dataOut: pattern(512) })).status, 0);
  }
});

Deno.test("A118 WRITE SAME: a count of zero with UNMAP gives back the rest, whatever is sent", async () => {
  for (const opcode of WRITE_SAMES) {
    const unit = unitOf();
    unit.device.poke(0, pattern(1 << 20));
    const result = await run(unit, cdb(opcode, 2000, 0, UNMAP), { dataOut: pattern(512) });
    assert.equal(result.status, Status.GOOD);
    assert.deepEqual(unit.device.peek(2000 * 512, 48 * 512), filled(ZEROS, 48));
    assert.notDeepEqual(unit.device.peek(1999 * 512, 512), ZEROS);
  }
});

Deno.test("A118 WRITE SAME: more than MAXIMUM WRITE SAME LENGTH is refused, also by reaching to the end", async () => {
  const most = (1 << 30) / 512;
  const dataOut = pattern(512);
  const thick = unitOf({ unmap: false, size: (1 << 30) + 512 });
  const device = new MemoryDevice((1 << 30) + 512);
  const thin = unitOf({ device });
  for (const [unit, blockCount] of [[thick, 0], [thick, most + 1], [thin, most + 1]] as const) {
    const { sense } = await run(unit, cdb(Op.WRITE_SAME, 0, blockCount), { dataOut });
    assert.equal(senseText(sense), "5/24/00");
    assert.deepEqual(sense?.field, { in: "cdb", octet: 10 });
  }
  assert.equal(device.allocated, 0);
  const allowed = cdb(Op.WRITE_SAME, 1, most, UNMAP);
  assert.equal((await run(thin, allowed, { dataOut: ZEROS })).status, Status.GOOD);
});

Deno.test("A118 WRITE SAME: UNMAP of zeros gives the space back", async () => {
  for (const opcode of WRITE_SAMES) {
    const unit = unitOf();
    unit.device.poke(0, pattern(1 << 20));
    const { status } = await run(unit, cdb(opcode, 8, 16, UNMAP), { dataOut: ZEROS });
    assert.equal(status, Status.GOOD);
    assert.deepEqual(unit.device.log, ["unmap 4096+8192"]);
    assert.deepEqual(unit.device.peek(4096, 8192), new Uint8Array(8192));
  }
});

Deno.test("A118 WRITE SAME: UNMAP with another pattern writes the pattern", async () => {
  const block = ZEROS.slice();
  block[511] = 1;
  for (const opcode of WRITE_SAMES) {
    const unit = unitOf();
    assert.equal((await run(unit, cdb(opcode, 8, 16, UNMAP), { dataOut: block })).status, 0);
    assert.deepEqual(unit.device.peek(4096, 8192), filled(block, 16));
  }
});

Deno.test("A118 WRITE SAME: UNMAP is refused by a unit that is not thin", async () => {
  const unit = unitOf({ unmap: false });
  for (const opcode of WRITE_SAMES) {
    const { sense } = await run(unit, cdb(opcode, 0, 1, UNMAP), { dataOut: ZEROS });
    assert.equal(senseText(sense), "5/24/00");
    assert.deepEqual(sense?.field, { in: "cdb", octet: 1, bit: 3 });
  }
});

Deno.test("A118 WRITE SAME: NDOB writes zeros without any data, or unmaps", async () => {
  const unit = unitOf();
  unit.device.poke(0, pattern(8192));
  assert.equal((await run(unit, cdb(Op.WRITE_SAME, 0, 8, NDOB))).status, Status.GOOD);
  assert.equal((await run(unit, cdb(Op.WRITE_SAME, 8, 8, NDOB | UNMAP))).status, Status.GOOD);
  assert.deepEqual(unit.device.log, ["write 0+4096", "unmap 4096+4096"]);
  assert.deepEqual(unit.device.peek(0, 8192), new Uint8Array(8192));
  const short = await run(unit, cdb(Op.WRITE_SAME_10, 0, 1, NDOB));
  assert.equal(senseText(short.sense), "5/24/00");
});

Deno.test("A114 A118 WRITE SAME: ANCHOR and WRPROTECT are refused", async () => {
  const unit = unitOf();
  for (const opcode of WRITE_SAMES) {
    for (const flags of [ANCHOR, ANCHOR | UNMAP, 0x20, 0xe0]) {
      const { sense } = await run(unit, cdb(opcode, 0, 1, flags), { dataOut: ZEROS });
      assert.equal(senseText(sense), "5/24/00");
    }
  }
  assert.deepEqual(unit.device.log, []);
});

Deno.test("A67 WRITE SAME: less than a block is refused, with nothing written", async () => {
  const unit = unitOf();
  for (const opcode of WRITE_SAMES) {
    for (const flags of [0, UNMAP]) {
      const dataOut = ZEROS.subarray(0, 256);
      const { sense } = await run(unit, cdb(opcode, 0, 1, flags), { dataOut });
      assert.equal(senseText(sense), "5/24/00");
    }
  }
  assert.deepEqual(unit.device.log, []);
});

Deno.test("A118 WRITE SAME: more than a block is refused before it is sent, but not beside NDOB", () => {
  for (const flags of [0, UNMAP, NDOB]) {
    const unit = unitOf();
    const task = taskOf(unit, cdb(Op.WRITE_SAME, 0, 1, flags));
    task.dataOutBufferSize = 1024;
    const refused = flags !== NDOB;
    assert.equal(begin(task, lunsOf(unit)), refused ? Step.DONE : Step.WAIT);
    assert.equal(senseText(task.sense), refused ? "5/24/00" : undefined);
  }
});

Deno.test("A118 B-30 WRITE SAME: goes in slices, between which others get their turn", async () => {
  const unit = unitOf({ size: 4 << 20 });
  const task = taskOf(unit, cdb(Op.WRITE_SAME, 0, 8192, NDOB));
  assert.equal(begin(task, lunsOf(unit)), Step.WAIT);
  let turns = 0;
  let ended = false;
  function count(): void {
    turns++;
    if (!ended) setImmediate(count);
  }
  setImmediate(count);
  await task.promise;
  ended = true;
  assert.equal(unit.device.log.length, 16);
  assert.ok(unit.device.log.every((each) => each.endsWith("+262144")));
  assert.ok(turns >= 15, `${turns} turns`);
});

Deno.test("A118 WRITE SAME: stops when it is aborted, and nothing more reaches the medium", async () => {
  for (const flags of [0, UNMAP]) {
    const unit = unitOf({ size: 64 << 20 });
    const task = taskOf(unit, cdb(Op.WRITE_SAME, 0, 64 << 11, NDOB | flags));
    assert.equal(begin(task, lunsOf(unit)), Step.WAIT);
    while (unit.device.log.length < 2) await new Promise((resolve) => setImmediate(resolve));
    task.aborted = true;
    const done = unit.device.log.length;
    await task.promise;
    assert.equal(unit.device.log.length, done);
  }
});

Deno.test("A123 A125 WRITE SAME: is flushed without a write cache, and tells of a full medium", async () => {
  const unit = unitOf();
  await run(unit, cdb(Op.WRITE_SAME, 0, 4), { dataOut: ZEROS });
  assert.equal(unit.device.flushes, 0);
  Object.defineProperty(unit.mode, "writeCacheEnabled", { value: false });
  await run(unit, cdb(Op.WRITE_SAME, 0, 4), { dataOut: ZEROS });
  assert.equal(unit.device.flushes, 1);
  unit.device.failure = new DeviceError("no-space", "the file system is full");
  const { sense } = await run(unit, cdb(Op.WRITE_SAME, 0, 4), { dataOut: ZEROS });
  assert.equal(senseText(sense), "7/27/07");
});
