import assert from "node:assert/strict";
import fc from "fast-check";
import {
  type Attribute,
  attribute,
  DELIMITER,
  emitAttributes,
  empty,
  operating,
  parseAttributes,
  valueOf,
} from "../../../lib/isns/attribute.ts";
import { type AttributeName, ATTRIBUTES } from "../../../lib/isns/attribute_table.ts";
import { IsnsFault } from "../../../lib/isns/isns_fault.ts";
import { formatIpAddress, parseIpAddress } from "../../../lib/net/ip_address.ts";

const MOST = 1000;

function parse(hex: string, most = MOST): readonly Attribute[] {
  return parseAttributes(Uint8Array.fromHex(hex.replaceAll(" ", "")), most);
}

/** Tag, length and value of one attribute. */
function raw(tag: number, value: Uint8Array, length = value.length): Uint8Array {
  const octets = new Uint8Array(8 + value.length);
  const view = new DataView(octets.buffer);
  view.setUint32(0, tag);
  view.setUint32(4, length);
  octets.set(value, 8);
  return octets;
}

/** Text with NULs behind it up to a multiple of four. */
function padded(text: string): Uint8Array {
  const octets = new TextEncoder().encode(text);
  const whole = new Uint8Array((octets.length + 4) & ~3);
  whole.set(octets);
  return whole;
}

Deno.test("emitAttributes pads text with NULs, and gives it at least one", () => {
  const octets = emitAttributes([attribute("iscsiName", "NAMEabcd"), attribute("iscsiAlias", "x")]);
  assert.equal(
    octets.toHex(),
    "00000020" + "0000000c" + "4e414d4561626364" + "00000000" + "00000022" + "00000004" +
      "78000000",
  );
});

Deno.test("emitAttributes wraps an IPv4 address in one of IPv6, and takes IPv6 as it is", () => {
  const octets = emitAttributes([
    attribute("portalAddress", parseIpAddress("192.0.2.4")!),
    attribute("portalAddress", parseIpAddress("2001:db8::1")!),
  ]);
  assert.equal(
    octets.toHex(),
    "00000010" + "00000010" + "00000000000000000000ffffc0000204" +
      "00000010" + "00000010" + "20010db8000000000000000000000001",
  );
});

Deno.test("parseAttributes takes IPv4 wrapped as the standard has it, or by zeros alone", () => {
  for (const wrapped of ["00000000000000000000ffff", "000000000000000000000000"]) {
    const [read] = parse(`00000010 00000010 ${wrapped} 7f000001`);
    assert.equal(formatIpAddress(read!.value as Uint8Array), "127.0.0.1");
  }
  const [loopback] = parse(`00000010 00000010 ${"0".repeat(31)}1`);
  assert.equal(formatIpAddress(loopback!.value as Uint8Array), "::1");
});

Deno.test("parseAttributes gives an attribute of length zero no value", () => {
  assert.deepEqual(parse("00000020 00000000"), [empty("iscsiName")]);
  assert.deepEqual(parse("00000000 00000000"), [DELIMITER]);
});

Deno.test("B-24: parseAttributes reads past attributes that it does not know", () => {
  const read = parse("0000ffff 00000008 0102030405060708 00000021 00000004 00000001");
  assert.deepEqual(read, [attribute("iscsiNodeType", 1)]);
});

Deno.test("B-24: parseAttributes refuses a name of more than 223 octets", () => {
  const name = `iqn.2026-01.x:${"a".repeat(209)}`;
  assert.equal(name.length, 223);
  assert.equal(valueOf(parseAttributes(raw(32, padded(name)), MOST), "iscsiName"), name);
  assert.throws(
    () => parseAttributes(raw(32, padded(`${name}a`)), MOST),
    /attribute 32 has 228 octets, more than 224/,
  );
});

Deno.test("B-24: parseAttributes refuses an attribute that is longer than its message", () => {
  for (const length of [8, 0x7fff_fffc, 0xffff_fffc]) {
    assert.throws(
      () => parseAttributes(raw(32, padded("abc"), length), MOST),
      /attribute 32 is longer than its message/,
    );
  }
  assert.throws(() => parse("00000020 0000"), /an attribute is cut off/);
});

Deno.test("B-24: parseAttributes refuses values that are none of their form", () => {
  const cases: readonly [Uint8Array, RegExp][] = [
    [raw(33, new Uint8Array(3)), /attribute 33 is not aligned/],
    [raw(33, new Uint8Array(8)), /attribute 33 has 8 octets, more than 4/],
    [raw(16, new Uint8Array(4)), /attribute 16 is no address/],
    [raw(4, new Uint8Array(4)), /attribute 4 is no time/],
    [raw(0, new Uint8Array(4)), /attribute 0 has 4 octets, more than 0/],
    [raw(32, new TextEncoder().encode("noNULs!!")), /attribute 32 is no text/],
    [raw(32, Uint8Array.of(0xff, 0xfe, 0, 0)), /attribute 32 is no text/],
    [raw(32, padded("a\x1b[2Jb")), /attribute 32 is no text/],
  ];
  for (const [octets, message] of cases) {
    assert.throws(() => parseAttributes(octets, MOST), (error) => {
      assert.ok(error instanceof IsnsFault);
      assert.match(error.message, message);
      return true;
    });
  }
});

Deno.test("B-24: parseAttributes never takes what a name holds for a format", () => {
  const name = "iqn.2026-01.x:%n%s%d${}";
  assert.equal(valueOf(parseAttributes(raw(32, padded(name)), MOST), "iscsiName"), name);
});

Deno.test("parseAttributes takes so many attributes and no more", () => {
  const four = "00000021 00000004 00000001".repeat(4);
  assert.equal(parse(four, 4).length, 4);
  assert.throws(() => parse(four, 3), /more than 3 attributes/);
});

Deno.test("operating is what stands behind the delimiter", () => {
  const key = attribute("iscsiName", "a");
  const type = attribute("iscsiNodeType", 1);
  assert.deepEqual(operating([key, DELIMITER, type]), [type]);
  assert.deepEqual(operating([key]), []);
});

const VALUES = {
  empty: fc.constant(undefined),
  text: fc.stringMatching(/^[\p{L}0-9.:-]{1,40}$/u),
  number: fc.integer({ min: 0, max: 0xffff_ffff }),
  time: fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER }),
  address: fc.uint8Array({ minLength: 4, maxLength: 4 }),
} as const;

Deno.test("parseAttributes reads back whatever emitAttributes lays out", () => {
  const any = fc.constantFrom(...Object.keys(ATTRIBUTES) as AttributeName[]).chain((name) =>
    VALUES[ATTRIBUTES[name].form].map((value) => ({ name, value }) as Attribute)
  );
  fc.assert(fc.property(fc.array(any, { maxLength: 30 }), (attributes) => {
    assert.deepEqual(parseAttributes(emitAttributes(attributes), MOST), attributes);
  }));
});

Deno.test("B-24: parseAttributes throws nothing but faults, whatever it is given", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (octets) => {
      try {
        parseAttributes(octets, MOST);
      } catch (error) {
        assert.ok(error instanceof IsnsFault);
      }
    }),
    { numRuns: 2000 },
  );
});
