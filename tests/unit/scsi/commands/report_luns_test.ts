import assert from "node:assert/strict";
import {
  MODE_PARAMETERS_CHANGED,
  REPORTED_LUNS_DATA_HAS_CHANGED,
} from "../../../../lib/scsi/sense.ts";
import type { Luns } from "../../../../lib/scsi/lun.ts";
import { lunsOf, NEXUS, OTHER_NEXUS, run, unitOf } from "../../../support/scsi.ts";

const ALL_UNITS = "a0 00 00 00 00 00 00 00 ff ff 00 00";

function lunsAt(unit: ReturnType<typeof unitOf>, ...numbers: number[]): Luns {
  return { ...lunsOf(), entries: () => numbers.map((lun) => [lun, { unit, readOnly: false }]) };
}

Deno.test("A101: REPORT LUNS: lists the units, in flat space addressing from 256 on", async () => {
  const unit = unitOf();
  const { status, data } = await run(unit, ALL_UNITS, {
    luns: lunsAt(unit, 0, 3, 255, 256, 16383),
  });
  assert.equal(status, 0);
  const view = new DataView(data.buffer);
  assert.equal(view.getUint32(0), 40);
  assert.equal(data.length, 48);
  const first = Array.from({ length: 5 }, (_, i) => view.getUint16(8 + i * 8));
  assert.deepEqual(first, [0x0000, 0x0003, 0x00ff, 0x4100, 0x7fff]);
});

Deno.test("A101: REPORT LUNS: an allocation length below 16 is in error", async () => {
  const unit = unitOf();
  for (let length = 0; length < 16; length++) {
    const { sense } = await run(unit, [0xa0, 0, 0, 0, 0, 0, 0, 0, 0, length, 0, 0]);
    assert.deepEqual(sense, { key: 5, code: 0x2400, field: { in: "cdb", octet: 6 } });
  }
});

Deno.test("A101: REPORT LUNS: the list's length is the whole one, even if it is cut", async () => {
  const unit = unitOf();
  const luns = lunsAt(unit, ...Array.from({ length: 100 }, (_, lun) => lun));
  const { data } = await run(unit, "a0 00 00 00 00 00 00 00 00 10 00 00", { luns });
  assert.equal(data.length, 16);
  assert.equal(new DataView(data.buffer).getUint32(0), 800);
});

for (
  const [select, expected] of [[0, [0x0000, 0x0001]], [1, [0xc101]], [2, [0, 1, 0xc101]]] as const
) {
  Deno.test(`A101: REPORT LUNS: select report ${select}`, async () => {
    const unit = unitOf();
    const cdb = [0xa0, 0, select, 0, 0, 0, 0, 0, 1, 0, 0, 0];
    const { data } = await run(unit, cdb, { luns: lunsAt(unit, 0, 1) });
    const view = new DataView(data.buffer);
    const found = expected.map((_, i) => view.getUint16(8 + i * 8));
    assert.deepEqual(found, [...expected]);
    assert.equal(view.getUint32(0), expected.length * 8);
  });
}

Deno.test("A101: REPORT LUNS: any other select report is in error", async () => {
  for (const select of [3, 0x10, 0x11, 0xff]) {
    const { sense } = await run(unitOf(), [0xa0, 0, select, 0, 0, 0, 0, 0, 1, 0, 0, 0]);
    assert.deepEqual(sense?.field, { in: "cdb", octet: 2 });
  }
});

Deno.test("A100: REPORT LUNS: settles the change of inventory on every unit, for its nexus alone", async () => {
  const units = [unitOf(), unitOf()];
  for (const { attentions } of units) {
    for (let added = 0; added < 100; added++) {
      attentions.establishForOthers(REPORTED_LUNS_DATA_HAS_CHANGED);
    }
    attentions.establish(NEXUS, MODE_PARAMETERS_CHANGED);
  }
  assert.equal(units[0]!.attentions.count, 3, "a hundred units more are one condition a nexus");
  await run(units[0], ALL_UNITS, { luns: lunsOf(...units) });
  for (const { attentions } of units) {
    assert.equal(attentions.take(NEXUS), MODE_PARAMETERS_CHANGED);
    assert.equal(attentions.take(NEXUS), undefined);
    assert.equal(attentions.take(OTHER_NEXUS), REPORTED_LUNS_DATA_HAS_CHANGED);
  }
});
