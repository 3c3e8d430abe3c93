import assert from "node:assert/strict";
import { run, unitOf } from "../../../support/scsi.ts";

const READ_CAPACITY_10 = "25 00 00 00 00 00 00 00 00 00";
const READ_CAPACITY_16 = "9e 10 00 00 00 00 00 00 00 00 00 00 00 20 00 00";

Deno.test("A106: READ CAPACITY(10): the last address and the block length", async () => {
  const { data } = await run(unitOf({ size: 1 << 20 }), READ_CAPACITY_10);
  assert.deepEqual([...data], [0, 0, 0x07, 0xff, 0, 0, 0x02, 0x00]);
});

for (
  const [title, blocks, expected] of [
    ["the largest address that fits", 0xffff_ffff, 0xffff_fffe],
    ["an address of all ones, which means too large", 0x1_0000_0000, 0xffff_ffff],
    ["one that does not fit", 0x1_0000_0001, 0xffff_ffff],
    ["one far beyond", 2 ** 40, 0xffff_ffff],
  ] as const
) {
  Deno.test(`A106: READ CAPACITY(10): ${title}`, async () => {
    const { data } = await run(unitOf({ size: blocks * 512 }), READ_CAPACITY_10);
    assert.equal(new DataView(data.buffer).getUint32(0), expected);
  });
}

Deno.test("A106: READ CAPACITY(16): a capacity beyond 32 bits", async () => {
  const { data } = await run(unitOf({ size: 2 ** 45 }), READ_CAPACITY_16);
  assert.equal(data.length, 32);
  assert.equal(new DataView(data.buffer).getBigUint64(0), 2n ** 36n - 1n);
});

Deno.test("A106: READ CAPACITY(16): LBPME and LBPRZ are those of a thin unit", async () => {
  assert.equal((await run(unitOf(), READ_CAPACITY_16)).data[14], 0xc0);
  assert.equal((await run(unitOf({ unmap: false }), READ_CAPACITY_16)).data[14], 0x00);
});

Deno.test("A128: READ CAPACITY(16): blocks of 512 octets, one to a physical block unless told otherwise", async () => {
  const { data } = await run(unitOf(), READ_CAPACITY_16);
  assert.equal(new DataView(data.buffer).getUint32(8), 512);
  assert.equal(data[13], 0);
  const eight = await run(unitOf({ physicalBlockLength: 4096 }), READ_CAPACITY_16);
  assert.equal(eight.data[13], 3);
  const large = await run(unitOf({ blockLength: 4096 }), READ_CAPACITY_16);
  assert.equal(new DataView(large.data.buffer).getUint32(8), 4096);
  assert.equal(large.data[13], 0);
});

Deno.test("A106: READ CAPACITY(16): every allocation length is good", async () => {
  const unit = unitOf();
  const { data } = await run(unit, READ_CAPACITY_16);
  for (let length = 0; length <= 40; length++) {
    const cdb = [0x9e, 0x10, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, length, 0, 0];
    assert.deepEqual((await run(unit, cdb)).data, data.subarray(0, length));
  }
});

for (
  const [name, with10, pmi] of [
    ["READ CAPACITY(10)", "25 00 00 00 00 01 00 00 00 00", "25 00 00 00 00 01 00 00 01 00"],
    [
      "READ CAPACITY(16)",
      "9e 10 00 00 00 00 00 00 00 01 00 00 00 20 00 00",
      "9e 10 00 00 00 00 00 00 00 01 00 00 00 20 01 00",
    ],
  ] as const
) {
  Deno.test(`${name}: an address is good with PMI only`, async () => {
    assert.deepEqual((await run(unitOf(), with10)).sense?.field, { in: "cdb", octet: 2 });
    assert.equal((await run(unitOf(), pmi)).status, 0);
  });
}

Deno.test("READ CAPACITY: follows the device as it grows", async () => {
  const unit = unitOf({ size: 1 << 20 });
  unit.device.size = 2 << 20;
  const { data } = await run(unit, READ_CAPACITY_10);
  assert.equal(new DataView(data.buffer).getUint32(0), 0x0fff);
});
