import assert from "node:assert/strict";
import { Status } from "../../../../lib/scsi/status.ts";
import { cdb, DPO, FUA, Op, pattern, senseText } from "../../../support/block_commands.ts";
import { run, unitOf } from "../../../support/scsi.ts";

Deno.test("A126 ORWRITE: sets the bits of its data, and leaves all others", async () => {
  for (const slow of [false, true]) {
    for (const blockCount of [1, 3, 1000]) {
      const unit = unitOf({ slow });
      unit.device.poke(0, pattern(1 << 20));
      const dataOut = pattern(blockCount * 512, 2);
      const { status } = await run(unit, cdb(Op.ORWRITE, 9, blockCount), { dataOut });
      assert.equal(status, Status.GOOD);
      const wanted = pattern(1 << 20);
      for (let at = 0; at < dataOut.length; at++) wanted[9 * 512 + at]! |= dataOut[at]!;
      assert.deepEqual(unit.device.peek(0, 1 << 20), wanted);
    }
  }
});

Deno.test("A126 ORWRITE: of many at once none undoes another", async () => {
  const unit = unitOf({ slow: true });
  await Promise.all(Array.from({ length: 64 }, async (_, bit) => {
    const dataOut = new Uint8Array(512);
    dataOut[bit >>> 3] = 1 << (bit & 7);
    await run(unit, cdb(Op.ORWRITE, 0, 1), { dataOut });
  }));
  assert.deepEqual(unit.device.peek(0, 8), new Uint8Array(8).fill(0xff));
});

Deno.test("A114 A123 ORWRITE: is durable with FUA; ORPROTECT is refused", async () => {
  const unit = unitOf();
  for (const flags of [0, DPO, FUA, DPO | FUA]) {
    unit.device.log.length = 0;
    await run(unit, cdb(Op.ORWRITE, 0, 1, flags), { dataOut: pattern(512) });
    const flushed = (flags & FUA) === 0 ? [] : ["flush"];
    assert.deepEqual(unit.device.log, ["read 0+512", "write 0+512", ...flushed]);
  }
  for (let protect = 1; protect < 8; protect++) {
    const { sense } = await run(unit, cdb(Op.ORWRITE, 0, 1, protect << 5));
    assert.equal(senseText(sense), "5/24/00");
  }
});

Deno.test("A67 ORWRITE: of less data than the CDB asks for, what came is merged and no more", async () => {
  const unit = unitOf();
  const dataOut = new Uint8Array(512).fill(0xff);
  assert.equal((await run(unit, cdb(Op.ORWRITE, 0, 2), { dataOut })).status, Status.GOOD);
  assert.deepEqual(unit.device.peek(0, 512), dataOut);
  assert.deepEqual(unit.device.peek(512, 512), new Uint8Array(512));
});
