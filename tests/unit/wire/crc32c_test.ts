import assert from "node:assert/strict";
import fc from "fast-check";
import { crc32c } from "../../../lib/wire/crc32c.ts";
import { CRC32C_MODULE } from "../../../lib/wire/crc32c_module.ts";
import { crc32cByTables } from "../../../lib/wire/crc32c_tables.ts";
import { assembleCrc32c } from "../../../scripts/assemble_crc32c.ts";

/** One bit a step, straight from the definition. */
function bitwise(octets: Uint8Array): number {
  let crc = 0xffffffff;
  for (const octet of octets) {
    crc ^= octet;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0x82f63b78 : crc >>> 1;
  }
  return ~crc >>> 0;
}

function digestOnTheWire(octets: Uint8Array): string {
  const digest = new DataView(new ArrayBuffer(4));
  digest.setUint32(0, crc32c(octets, 0, octets.length), true);
  return new Uint8Array(digest.buffer).toHex();
}

/** Octets that repeat after 1021, so that no run of 16 lines up with another. */
function pattern(length: number): Uint8Array {
  return Uint8Array.from({ length }, (_, i) => (i % 1021) * 167 >> 2);
}

/** The examples of RFC 7143 A.4: octets and the digest as it goes on the wire. */
const EXAMPLES: Record<string, [Uint8Array, string]> = {
  "32 octets of zero": [new Uint8Array(32), "aa36918a"],
  "32 octets of ones": [new Uint8Array(32).fill(0xff), "43aba862"],
  "32 ascending octets": [Uint8Array.from({ length: 32 }, (_, i) => i), "4e79dd46"],
  "32 descending octets": [Uint8Array.from({ length: 32 }, (_, i) => 31 - i), "5cdb3f11"],
  "a SCSI READ(10) PDU": [
    Uint8Array.fromHex(
      "01c0000000000000000000000000000014000000000004000000001400000018" +
        "28000000000000000200000000000000",
    ),
    "563a96d9",
  ],
};

for (const [name, [octets, digest]] of Object.entries(EXAMPLES)) {
  Deno.test(`A65: crc32c of ${name} has the wire order of RFC 7143`, () => {
    assert.equal(digestOnTheWire(octets), digest);
  });
}

Deno.test("A65: crc32c agrees with the bitwise definition at every length below 1000", () => {
  const octets = pattern(1200);
  for (let length = 0; length < 1000; length++) {
    const at = length % 37;
    assert.equal(
      crc32c(octets, at, length),
      bitwise(octets.subarray(at, at + length)),
      `${length} octets at ${at}`,
    );
  }
});

Deno.test("crc32c agrees with the bitwise definition beyond one run and one piece", () => {
  const octets = pattern(140_000);
  for (const length of [8127, 8544, 8545, 16_640, 65_535, 65_536, 65_537, 131_072, 139_000]) {
    assert.equal(crc32c(octets, 3, length), bitwise(octets.subarray(3, 3 + length)), `${length}`);
  }
});

Deno.test("crc32c goes on from a seed wherever the octets are cut", () => {
  fc.assert(fc.property(
    fc.uint8Array({ maxLength: 2000 }),
    fc.array(fc.nat(2000), { maxLength: 4 }),
    (octets, cuts) => {
      const bounds = [...cuts.map((cut) => Math.min(cut, octets.length)), octets.length];
      let crc = 0;
      let at = 0;
      for (const bound of bounds.toSorted((a, b) => a - b)) {
        crc = crc32c(octets, at, bound - at, crc);
        at = bound;
      }
      assert.equal(crc, bitwise(octets));
    },
  ));
});

Deno.test("crc32cByTables agrees with the module", () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 1500 }), fc.nat(0xffffffff), (octets, seed) => {
    const at = Math.min(3, octets.length);
    const length = octets.length - at;
    assert.equal(crc32cByTables(octets, at, length, seed), crc32c(octets, at, length, seed));
  }));
});

Deno.test("crc32c_module is what crc32c.wat assembles to", async () => {
  assert.equal(CRC32C_MODULE, await assembleCrc32c());
});
