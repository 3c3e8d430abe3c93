import assert from "node:assert/strict";
import fc from "fast-check";
import { emitLun, NO_LUN, parseLun, REPORT_LUNS_WELL_KNOWN } from "../../../lib/scsi/lun.ts";

function viewOf(...octets: number[]): DataView {
  const whole = new Uint8Array(8);
  whole.set(octets);
  return new DataView(whole.buffer);
}

Deno.test("A148: parseLun reads what emitLun writes", () => {
  fc.assert(fc.property(fc.nat(16383), (lun) => {
    const view = viewOf();
    emitLun(view, 0, lun);
    assert.equal(parseLun(view, 0), lun);
  }));
});

Deno.test("A101: emitLun: from 256 on a LUN is written in flat space addressing", () => {
  const view = viewOf();
  emitLun(view, 0, 255);
  assert.equal(view.getUint16(0), 0x00ff);
  emitLun(view, 0, 256);
  assert.equal(view.getUint16(0), 0x4100);
});

Deno.test("parseLun: a LUN below 256 may come in flat space addressing", () => {
  assert.equal(parseLun(viewOf(0x40, 0x07), 0), 7);
});

Deno.test("parseLun: the REPORT LUNS well known logical unit has a number of its own", () => {
  assert.equal(parseLun(viewOf(0xc1, 0x01), 0), REPORT_LUNS_WELL_KNOWN);
});

for (
  const octets of [
    [0x01, 0x00],
    [0x00, 0x01, 0x00, 0x01],
    [0x00, 0x00, 0, 0, 0, 0, 0, 1],
    [0x80, 0x01],
    [0xc1, 0x02],
    [0xff, 0xff],
  ]
) {
  Deno.test(`parseLun: ${octets.join(" ")} names no unit here`, () => {
    assert.equal(parseLun(viewOf(...octets), 0), NO_LUN);
  });
}
