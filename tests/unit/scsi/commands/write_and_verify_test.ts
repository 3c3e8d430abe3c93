import assert from "node:assert/strict";
import { DeviceError } from "../../../../lib/block/device.ts";
import { Status } from "../../../../lib/scsi/status.ts";
import { BYTCHK, cdb, DPO, Op, pattern, senseText } from "../../../support/block_commands.ts";
import { run, unitOf } from "../../../support/scsi.ts";

const WRITE_AND_VERIFIES = [Op.WRITE_AND_VERIFY_10, Op.WRITE_AND_VERIFY_12, Op.WRITE_AND_VERIFY];

Deno.test("A116 WRITE AND VERIFY: writes, flushes, and only then reads back", async () => {
  for (const slow of [false, true]) {
    for (const opcode of WRITE_AND_VERIFIES) {
      for (const flags of [BYTCHK[0], BYTCHK[1], BYTCHK[1] | DPO]) {
        const unit = unitOf({ slow });
        const dataOut = pattern(600 * 512);
        const { status } = await run(unit, cdb(opcode, 1, 600, flags), { dataOut });
        assert.equal(status, Status.GOOD);
        const slices = ["512+261632", "262144+45568"];
        assert.deepEqual(unit.device.log, [
          ...slices.map((each) => `write ${each}`),
          "flush",
          ...slices.map((each) => `read ${each}`),
        ]);
        assert.deepEqual(unit.device.peek(512, dataOut.length), dataOut);
      }
    }
  }
});

Deno.test("A116 WRITE AND VERIFY: a medium that keeps something else is found out", async () => {
  for (const opcode of WRITE_AND_VERIFIES) {
    const unit = unitOf();
    const { device } = unit;
    const flush = device.flush.bind(device);
    device.flush = async () => {
      await flush();
      device.poke(700, Uint8Array.of(device.peek(700, 1)[0]! ^ 1));
    };
    const dataOut = pattern(1024);
    const compared = await run(unit, cdb(opcode, 1, 2, BYTCHK[1]), { dataOut });
    assert.equal(senseText(compared.sense), "e/1d/00");
    assert.equal(compared.sense?.information, 700 - 512);
    assert.equal((await run(unit, cdb(opcode, 1, 2), { dataOut })).status, Status.GOOD);
  }
});

Deno.test("A116 WRITE AND VERIFY: nobody writes the blocks between writing and verifying", async () => {
  const unit = unitOf({ slow: true });
  const dataOut = pattern(512);
  const order: string[] = [];
  const verified = run(unit, cdb(Op.WRITE_AND_VERIFY, 0, 1, BYTCHK[1]), { dataOut })
    .then(({ status }) => order.push(`verified ${status}`));
  const other = run(unit, cdb(Op.WRITE_SAME, 0, 1), { dataOut: pattern(512, 9) })
    .then(({ status }) => order.push(`overwritten ${status}`));
  await Promise.all([verified, other]);
  assert.deepEqual(order, ["verified 0", "overwritten 0"]);
  assert.deepEqual(unit.device.peek(0, 512), pattern(512, 9));
});

Deno.test("A114 WRITE AND VERIFY: WRPROTECT and reserved BYTCHK are refused", async () => {
  const unit = unitOf();
  for (const opcode of WRITE_AND_VERIFIES) {
    for (const flags of [BYTCHK[2], BYTCHK[3], 0x20, 0xe0]) {
      const { sense } = await run(unit, cdb(opcode, 0, 1, flags), { dataOut: pattern(512) });
      assert.equal(senseText(sense), "5/24/00");
    }
  }
  assert.deepEqual(unit.device.log, []);
});

Deno.test("A67 WRITE AND VERIFY: of less data than the CDB asks for, what came is written", async () => {
  const unit = unitOf();
  const command = cdb(Op.WRITE_AND_VERIFY, 0, 2, BYTCHK[1]);
  unit.device.poke(0, pattern(1024));
  for (const length of [0, 200, 512]) {
    const dataOut = pattern(length, 3);
    assert.equal((await run(unit, command, { dataOut })).status, Status.GOOD);
    assert.deepEqual(unit.device.peek(0, length), dataOut);
    assert.deepEqual(unit.device.peek(512, 512), pattern(1024).subarray(512));
  }
});

Deno.test("A124 WRITE AND VERIFY: a failed flush is a write error, whatever can be read back", async () => {
  const unit = unitOf();
  unit.device.flush = () => Promise.reject(new DeviceError("medium", "the disk failed"));
  const command = cdb(Op.WRITE_AND_VERIFY, 0, 1, BYTCHK[1]);
  const { sense } = await run(unit, command, { dataOut: pattern(512) });
  assert.equal(senseText(sense), "3/0c/00");
});
