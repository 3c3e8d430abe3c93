import assert from "node:assert/strict";
import { DeviceError } from "../../../../lib/block/device.ts";
import { Status } from "../../../../lib/scsi/status.ts";
import { cdb, IMMED, Op, senseText } from "../../../support/block_commands.ts";
import { run, unitOf } from "../../../support/scsi.ts";

const PRE_FETCHES = [Op.PRE_FETCH_10, Op.PRE_FETCH];

function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

Deno.test("A126 PRE-FETCH: reads the blocks before its status, sending none", async () => {
  for (const slow of [false, true]) {
    for (const opcode of PRE_FETCHES) {
      const unit = unitOf({ slow });
      const { status, data } = await run(unit, cdb(opcode, 3, 4));
      assert.equal(status, Status.GOOD);
      assert.equal(data.length, 0);
      assert.deepEqual(unit.device.log, ["read 1536+2048"]);
    }
  }
});

Deno.test("A126 PRE-FETCH: a count of zero reaches to the last block", async () => {
  const unit = unitOf();
  assert.equal((await run(unit, cdb(Op.PRE_FETCH, 1, 0))).status, Status.GOOD);
  assert.equal(unit.device.log.length, 4);
  assert.equal(unit.device.log.at(-1), "read 786432+262144");
});

Deno.test("A126 PRE-FETCH: of very many blocks it reads the first ones", async () => {
  const unit = unitOf({ size: 64 << 20 });
  assert.equal((await run(unit, cdb(Op.PRE_FETCH, 0, 0))).status, Status.GOOD);
  assert.equal(unit.device.log.length, 64);
  assert.equal(unit.device.log.at(-1), `read ${(16 << 20) - (256 << 10)}+262144`);
});

Deno.test("A126 PRE-FETCH: IMMED ends at once, and one of a unit reads on", async () => {
  for (const opcode of PRE_FETCHES) {
    const unit = unitOf({ slow: true });
    const first = run(unit, cdb(opcode, 0, 600, IMMED));
    const second = run(unit, cdb(opcode, 1000, 1, IMMED));
    assert.equal((await first).status, Status.GOOD);
    assert.equal((await second).status, Status.GOOD);
    assert.ok(unit.device.log.length < 2);
    for (let i = 0; i < 8; i++) await turn();
    assert.deepEqual(unit.device.log, ["read 0+262144", "read 262144+45056"]);
    await run(unit, cdb(opcode, 1000, 1, IMMED));
    for (let i = 0; i < 8; i++) await turn();
    assert.equal(unit.device.log.at(-1), "read 512000+512");
  }
});

Deno.test("A126 PRE-FETCH: tells of blocks that cannot be read, if it still can", async () => {
  const unit = unitOf();
  unit.device.failure = new DeviceError("medium", "the disk failed");
  assert.equal(senseText((await run(unit, cdb(Op.PRE_FETCH, 0, 1))).sense), "3/11/00");
  assert.equal((await run(unit, cdb(Op.PRE_FETCH, 0, 1, IMMED))).status, Status.GOOD);
  await turn();
});

Deno.test("A126 PRE-FETCH: the group number changes nothing", async () => {
  const unit = unitOf();
  assert.equal((await run(unit, "34 00 00 00 00 00 03 00 01 00")).status, Status.GOOD);
  assert.equal((await run(unit, "34 02 00 00 00 00 03 00 01 00")).status, Status.GOOD);
});
