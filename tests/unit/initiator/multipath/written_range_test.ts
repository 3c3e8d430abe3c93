import assert from "node:assert/strict";
import { CommandFailure } from "../../../../lib/initiator/command.ts";
import { writtenRange } from "../../../../lib/initiator/multipath/written_range.ts";
import * as commands from "../../../../lib/initiator/unit_commands.ts";

Deno.test("writtenRange() tells which blocks a command writes, in both forms", () => {
  assert.deepEqual(writtenRange(commands.write(7, 3), undefined), { lba: 7, blockCount: 3 });
  const far = 2 ** 33;
  assert.deepEqual(writtenRange(commands.write(far, 9), undefined), { lba: far, blockCount: 9 });
  assert.deepEqual(writtenRange(commands.writeSame16(far, 9, true), undefined), {
    lba: far,
    blockCount: 9,
  });
});

Deno.test("writtenRange() takes WRITE SAME of no blocks for all that follow", () => {
  assert.deepEqual(writtenRange(commands.writeSame16(7, 0, false), undefined), {
    lba: 7,
    blockCount: Infinity,
  });
});

Deno.test("writtenRange() covers all that UNMAP names", () => {
  const list = new Uint8Array(8 + 2 * 16);
  const view = new DataView(list.buffer);
  view.setBigUint64(8, 100n);
  view.setUint32(16, 5);
  view.setBigUint64(24, 40n);
  view.setUint32(32, 2);
  assert.deepEqual(writtenRange(commands.unmap(list.length), list), { lba: 40, blockCount: 65 });
});

Deno.test("writtenRange() finds nothing written by what reads and asks", () => {
  const harmless = [
    commands.TEST_UNIT_READY,
    commands.inquiry(36),
    commands.reportLuns(16),
    commands.READ_CAPACITY_10,
    commands.readCapacity16(32),
    commands.modeSense6(8, 252),
    commands.read(0, 1),
    commands.read(2 ** 33, 1),
    commands.synchronizeCache(),
    commands.getLbaStatus(0, 24),
  ];
  for (const cdb of harmless) assert.equal(writtenRange(cdb, undefined), undefined);
});

Deno.test("writtenRange() refuses what must not be carried out twice", () => {
  for (const opcode of [0x89, 0x8b, 0x5f, 0x16]) {
    const cdb = new Uint8Array(16);
    cdb[0] = opcode;
    assert.throws(() => writtenRange(cdb, undefined), CommandFailure, opcode.toString(16));
  }
});
