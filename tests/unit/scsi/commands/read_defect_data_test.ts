import assert from "node:assert/strict";
import { run, unitOf } from "../../../support/scsi.ts";

for (let format = 0; format < 7; format++) {
  for (const lists of [0x00, 0x08, 0x10, 0x18]) {
    const what = lists | format;
    Deno.test(`READ DEFECT DATA(10): request ${what.toString(16)} gets an empty list of that format`, async () => {
      const { data } = await run(unitOf(), [0x37, 0, what, 0, 0, 0, 0, 0, 0xff, 0]);
      assert.deepEqual([...data], [0, what, 0, 0]);
    });

    Deno.test(`READ DEFECT DATA(12): request ${what.toString(16)} gets an empty list of that format`, async () => {
      const { data } = await run(unitOf(), [0xb7, what, 0, 0, 0, 0, 0, 0, 0, 0xff, 0, 0]);
      assert.deepEqual([...data], [0, what, 0, 0, 0, 0, 0, 0]);
    });
  }
}

Deno.test("READ DEFECT DATA: the reserved format is in error", async () => {
  assert.deepEqual((await run(unitOf(), "37 00 07 00 00 00 00 00 ff 00")).sense?.field, {
    in: "cdb",
    octet: 2,
    bit: 2,
  });
  assert.deepEqual((await run(unitOf(), "b7 07 00 00 00 00 00 00 00 ff 00 00")).sense?.field, {
    in: "cdb",
    octet: 1,
    bit: 2,
  });
});
