import assert from "node:assert/strict";
import { run, unitOf } from "../../../support/scsi.ts";

Deno.test("A103: INQUIRY: standard data claims SPC-4 and names SAM-5, iSCSI, SPC-4 and SBC-3", async () => {
  const { status, data } = await run(unitOf(), "12 00 00 01 00 00");
  assert.equal(status, 0);
  assert.equal(data.length, 96);
  assert.equal(data[0], 0x00);
  assert.equal(data[1], 0x00);
  assert.equal(data[2], 0x06);
  assert.equal(data[3], 0x02, "RESPONSE DATA FORMAT 2, NormACA 0");
  assert.equal(data[4], data.length - 5);
  assert.equal(data[7]! & 0x02, 0x02, "CMDQUE");
  const view = new DataView(data.buffer);
  const versions = Array.from({ length: 8 }, (_, i) => view.getUint16(58 + i * 2));
  assert.deepEqual(versions, [0x00a0, 0x0960, 0x0460, 0x04c0, 0, 0, 0, 0]);
});

Deno.test("A103: INQUIRY: names are padded with blanks", async () => {
  const { data } = await run(unitOf(), "12 00 00 00 60 00");
  const text = new TextDecoder().decode(data.subarray(8, 36));
  assert.equal(text, "SANCTL  Virtual Disk    1   ");
});

Deno.test("A103: INQUIRY: a page code without EVPD is in error, with a pointer at it", async () => {
  assert.deepEqual((await run(unitOf(), "12 00 80 00 ff 00")).sense, {
    key: 5,
    code: 0x2400,
    field: { in: "cdb", octet: 2 },
  });
});

Deno.test("A103: INQUIRY: CMDDT is refused", async () => {
  assert.deepEqual((await run(unitOf(), "12 02 00 00 ff 00")).sense?.field, {
    in: "cdb",
    octet: 1,
    bit: 1,
  });
});

Deno.test("INQUIRY: RMB is set where the medium can be ejected", async () => {
  const { data } = await run(unitOf({ removable: true }), "12 00 00 00 60 00");
  assert.equal(data[1], 0x80);
});

Deno.test("INQUIRY: the data is the same, cut, for every allocation length", async () => {
  const unit = unitOf();
  const { data } = await run(unit, "12 00 00 02 00 00");
  for (let length = 0; length < 256; length++) {
    const cut = await run(unit, [0x12, 0, 0, 0, length, 0]);
    assert.equal(cut.status, 0);
    assert.deepEqual(cut.data, data.subarray(0, length));
  }
});

Deno.test("INQUIRY: implicit asymmetric access is claimed, as REPORT TARGET PORT GROUPS works", async () => {
  const { data } = await run(unitOf(), "12 00 00 00 60 00");
  assert.equal(data[5]! & 0x30, 0x10);
});
