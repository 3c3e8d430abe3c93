import assert from "node:assert/strict";
import fc from "fast-check";
import { checksum } from "../../../lib/vhd/checksum.ts";
import {
  type DynamicHeader,
  DynamicHeaderLayout,
  emitDynamicHeader,
  parseDynamicHeader,
} from "../../../lib/vhd/dynamic_header.ts";
import { FormatError } from "../../../lib/vhd/format_error.ts";
import { decodeLocator, encodeWindowsPath, PlatformCode } from "../../../lib/vhd/parent_locator.ts";

const WHERE = { path: "disk.vhd", at: 512 };

const SAMPLE: DynamicHeader = {
  tableOffset: 0x1000n,
  maxTableEntries: 0x20,
  blockLength: 2 << 20,
  parentUniqueId: Uint8Array.from({ length: 16 }, (_, index) => 0x10 + index),
  parentTimeStamp: 0x318a_c8a9,
  parentName: "p.vhd",
  locators: [
    { platformCode: PlatformCode.W2RU, dataSpace: 512, dataLength: 14, dataOffset: 0x600n },
    { platformCode: PlatformCode.W2KU, dataSpace: 512, dataLength: 24, dataOffset: 0x800n },
  ],
};

Deno.test("emitDynamicHeader: puts every field where the format has it", () => {
  const octets = emitDynamicHeader(SAMPLE);
  assert.equal(octets.length, 1024);
  const expected = [
    "6378737061727365", // cookie: cxsparse
    "ffffffffffffffff", // data offset: none
    "0000000000001000", // table offset
    "00010000", // header version 1.0
    "00000020", // max table entries
    "00200000", // block size
    "ffffebb8", // checksum
    "101112131415161718191a1b1c1d1e1f", // parent unique id
    "318ac8a9", // parent time stamp
    "00000000", // reserved
    "0070002e007600680064", // parent unicode name: p.vhd, high octets first
  ].join("");
  assert.equal(octets.subarray(0, 74).toHex(), expected);
  assert.ok(octets.subarray(74, 576).every((octet) => octet === 0));
  const locators = [
    "57327275" + "00000200" + "0000000e" + "00000000" + "0000000000000600", // W2ru
    "57326b75" + "00000200" + "00000018" + "00000000" + "0000000000000800", // W2ku
  ].join("");
  assert.equal(octets.subarray(576, 624).toHex(), locators);
  assert.ok(octets.subarray(624).every((octet) => octet === 0));
});

Deno.test("parseDynamicHeader: gives back what emitDynamicHeader was given", () => {
  const u32 = fc.integer({ min: 0, max: 0xffff_ffff });
  const u64 = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n });
  const locator = fc.record({
    platformCode: fc.integer({ min: 1, max: 0xffff_ffff }),
    dataSpace: u32,
    dataLength: u32,
    dataOffset: u64,
  }, { noNullPrototype: true });
  const header: fc.Arbitrary<DynamicHeader> = fc.record({
    tableOffset: u64,
    maxTableEntries: u32,
    blockLength: u32,
    parentUniqueId: fc.uint8Array({ minLength: 16, maxLength: 16 }),
    parentTimeStamp: u32,
    parentName: fc.stringMatching(/^[^\0\ud800-\udfff\ufeff\ufffe]{0,200}$/),
    locators: fc.array(locator, { maxLength: 8 }),
  }, { noNullPrototype: true });
  fc.assert(fc.property(header, (given) => {
    assert.deepEqual(parseDynamicHeader(emitDynamicHeader(given), WHERE), given);
  }));
});

Deno.test("B-31: a dynamic header that is wrong is refused by its place", () => {
  type View = InstanceType<typeof DynamicHeaderLayout>;
  const cases: [(view: View) => void, number, RegExp][] = [
    [(view) => view.cookie = "cxsparsf", 0, /begin with "cxsparse"/],
    [(view) => view.headerVersion = 0x0002_0000, 24, /version 0x00020000/],
  ];
  for (const [change, at, message] of cases) {
    const octets = emitDynamicHeader(SAMPLE);
    const view = new DynamicHeaderLayout(octets);
    change(view);
    view.checksum = checksum(octets, 36);
    assert.throws(() => parseDynamicHeader(octets, WHERE), (error) => {
      assert.ok(error instanceof FormatError);
      assert.equal(error.at, 512 + at);
      assert.match(error.message, message);
      return true;
    });
  }
});

Deno.test("B-31: a dynamic header with any one bit changed is refused", () => {
  const octets = emitDynamicHeader(SAMPLE);
  for (let bit = 0; bit < 1024 * 8; bit++) {
    octets[bit >>> 3]! ^= 1 << (bit & 7);
    assert.throws(() => parseDynamicHeader(octets, WHERE), FormatError);
    octets[bit >>> 3]! ^= 1 << (bit & 7);
  }
  parseDynamicHeader(octets, WHERE);
});

Deno.test("decodeLocator: reads paths of every kind, with slashes", () => {
  const text = (value: string) => new TextEncoder().encode(value);
  const cases: [number, Uint8Array, string | undefined][] = [
    [PlatformCode.W2RU, encodeWindowsPath("./base/größe 1.vhd"), "./base/größe 1.vhd"],
    [PlatformCode.W2KU, encodeWindowsPath("C:/disks/p.vhd"), "C:/disks/p.vhd"],
    [PlatformCode.W2KU, encodeWindowsPath("p.vhd\0rest"), "p.vhd"],
    [PlatformCode.W2RU, Uint8Array.of(0x2e), "\ufffd"],
    [PlatformCode.WI2R, text(".\\p.vhd\0"), "./p.vhd"],
    [PlatformCode.WI2K, text("C:\\p.vhd"), "C:/p.vhd"],
    [PlatformCode.MACX, text("file://localhost/Users/me/a%20b.vhd"), "/Users/me/a b.vhd"],
    [PlatformCode.MACX, text("http://example.com/p.vhd"), undefined],
    [PlatformCode.MACX, text("file:///a%zz"), undefined],
    [PlatformCode.MACX, text("nonsense"), undefined],
    [PlatformCode.W2RU, new Uint8Array(0), undefined],
    [0x4d61_6320, text("an alias record"), undefined],
    [0, text("none"), undefined],
  ];
  for (const [code, octets, path] of cases) assert.equal(decodeLocator(code, octets), path);
});

Deno.test("encodeWindowsPath: writes backslashes, low octets first", () => {
  assert.equal(encodeWindowsPath("./p").toHex(), "2e005c007000");
});
