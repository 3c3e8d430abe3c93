import assert from "node:assert/strict";
import { nexusOf, run, unitOf } from "../../../support/scsi.ts";

Deno.test("A109: REPORT SUPPORTED TASK MANAGEMENT FUNCTIONS: what the target does, and nothing else", async () => {
  const { data } = await run(unitOf(), "a3 0d 00 00 00 00 00 00 00 04 00 00");
  // ABORT TASK, ABORT TASK SET, CLEAR TASK SET, LOGICAL UNIT RESET, TARGET RESET.
  assert.deepEqual([...data], [0b1101_1010, 0, 0, 0]);
});

Deno.test("A109: REPORT SUPPORTED TASK MANAGEMENT FUNCTIONS: REPD asks for the extended data", async () => {
  const { data } = await run(unitOf(), "a3 0d 80 00 00 00 00 00 00 ff 00 00");
  assert.deepEqual([...data], [0b1101_1010, 0, 0, 12, ...new Array(12).fill(0)]);
});

Deno.test("A109: REPORT SUPPORTED TASK MANAGEMENT FUNCTIONS: less than four octets is in error", async () => {
  for (let length = 0; length < 4; length++) {
    const { sense } = await run(unitOf(), [0xa3, 0x0d, 0, 0, 0, 0, 0, 0, 0, length]);
    assert.deepEqual(sense, { key: 5, code: 0x2400, field: { in: "cdb", octet: 6 } });
  }
});

/** Group 1, active/optimized (the one state supported), with the port of the nexus. */
const GROUP = [0x00, 0x01, 0x00, 0x01, 0, 0, 0, 1, 0, 0, 0, 5];

Deno.test("REPORT TARGET PORT GROUPS: one group, with the length only before it", async () => {
  const nexus = nexusOf(1, 5);
  const { data } = await run(unitOf(), "a3 0a 00 00 00 00 00 00 00 ff 00 00", { nexus });
  assert.deepEqual([...data], [0, 0, 0, 12, ...GROUP]);
});

Deno.test("REPORT TARGET PORT GROUPS: the extended header", async () => {
  const nexus = nexusOf(1, 5);
  const { data } = await run(unitOf(), "a3 2a 00 00 00 00 00 00 00 ff 00 00", { nexus });
  assert.deepEqual([...data], [0, 0, 0, 16, 0x10, 0, 0, 0, ...GROUP]);
});

Deno.test("REPORT TARGET PORT GROUPS: any other format is in error", async () => {
  for (let format = 2; format < 8; format++) {
    const { sense } = await run(unitOf(), [0xa3, format << 5 | 0x0a, 0, 0, 0, 0, 0, 0, 0, 0xff]);
    assert.deepEqual(sense?.field, { in: "cdb", octet: 1, bit: 7 });
  }
});
