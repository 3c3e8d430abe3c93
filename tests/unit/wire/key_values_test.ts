import assert from "node:assert/strict";
import fc from "fast-check";
import {
  emitKeyValues,
  KeyValueFault,
  type KeyValueLimits,
  type Pair,
  parseKeyValues,
} from "../../../lib/wire/key_values.ts";

const LIMITS: KeyValueLimits = { textLength: 1000, pairCount: 5, valueLength: 255 };

function parse(text: string, limits = LIMITS): readonly Pair[] | KeyValueFault {
  return parseKeyValues(new TextEncoder().encode(text), limits);
}

function fault(text: string | Uint8Array, limits = LIMITS): KeyValueFault {
  const octets = typeof text === "string" ? new TextEncoder().encode(text) : text;
  const result = parseKeyValues(octets, limits);
  assert.ok(result instanceof KeyValueFault, `${JSON.stringify(result)} is no fault`);
  return result;
}

Deno.test("parseKeyValues reads items in their order, repeated keys too", () => {
  assert.deepEqual(parse("A=1\0B=2\0A=3\0"), [["A", "1"], ["B", "2"], ["A", "3"]]);
});

Deno.test("parseKeyValues takes an empty text for no keys", () => {
  assert.deepEqual(parse(""), []);
});

Deno.test("parseKeyValues cuts at the first equals sign, and takes an empty value", () => {
  assert.deepEqual(parse("CHAP_C=0bAAA=\0SendTargets=\0"), [
    ["CHAP_C", "0bAAA="],
    ["SendTargets", ""],
  ]);
});

Deno.test("A37: parseKeyValues wants a NUL behind the last item", () => {
  assert.match(fault("A=1\0B=2").message, /does not end in NUL/);
});

Deno.test("A37: parseKeyValues refuses an item without an equals sign", () => {
  const found = fault("A=1\0B\0");
  assert.match(found.message, /"B" has no "="/);
  assert.equal(found.at, 4);
});

Deno.test("A37: parseKeyValues refuses an empty key", () => {
  assert.match(fault("=1\0").message, /is not a key name/);
});

Deno.test("A37: parseKeyValues takes key names of 63 characters and refuses longer ones", () => {
  const key = "K".repeat(63);
  assert.deepEqual(parse(`${key}=1\0`), [[key, "1"]]);
  assert.match(fault(`${key}K=1\0`).message, /is not a key name/);
});

Deno.test("A37: parseKeyValues refuses key names with other characters", () => {
  for (const key of ["A B", "A\t", "A/B", "A\x7f", "Ä", "A,B"]) fault(`${key}=1\0`);
  assert.deepEqual(parse("X-a.B+c@d_1#=1\0"), [["X-a.B+c@d_1#", "1"]]);
});

Deno.test("A37: parseKeyValues holds text, keys and values to the limits given", () => {
  assert.match(fault("A=1\0".repeat(6)).message, /more than 5 keys/);
  assert.equal(Array.isArray(parse("A=1\0".repeat(5))), true);
  assert.match(fault(`A=${"v".repeat(256)}\0`).message, /more than 255/);
  assert.equal(Array.isArray(parse(`A=${"v".repeat(255)}\0`)), true);
  assert.match(fault(new Uint8Array(1001)).message, /exceeds 1000/);
});

Deno.test("A37: parseKeyValues refuses values that are not clean UTF-8", () => {
  assert.match(fault(Uint8Array.of(0x41, 0x3d, 0xff, 0)).message, /not UTF-8/);
  assert.match(fault("A=1\n2\0").message, /control character/);
  assert.deepEqual(parse("A=\ufeffé\0"), [["A", "\ufeffé"]]);
});

Deno.test("parseKeyValues passes over NULs that pad the text, and no others", () => {
  assert.deepEqual(parse("A=1\0\0\0\0"), [["A", "1"]]);
  fault("A=1\0\0\0\0\0");
  fault("A=1\0\0B=1\0");
  fault("\0");
});

Deno.test("A38: parseKeyValues gives names of object members no meaning", () => {
  const pairs: Pair[] = [["__proto__", "1"], ["constructor", "2"], ["toString", "3"]];
  assert.deepEqual(parseKeyValues(emitKeyValues(pairs), LIMITS), pairs);
  assert.equal(({} as Record<string, unknown>)["1"], undefined);
});

const key = fc.stringMatching(/^[A-Z][A-Za-z0-9.\-+@_]{0,62}$/);
const value = fc.string({ unit: "grapheme" }).filter((text) => !/\p{Cc}/u.test(text));

Deno.test("A148: parseKeyValues reads back what emitKeyValues writes", () => {
  const limits = { textLength: 1 << 20, pairCount: 100, valueLength: 1 << 16 };
  fc.assert(fc.property(fc.array(fc.tuple(key, value), { maxLength: 20 }), (pairs) => {
    assert.deepEqual(parseKeyValues(emitKeyValues(pairs), limits), pairs);
  }));
});

Deno.test("A148: emitKeyValues writes back what parseKeyValues reads of any octets", () => {
  const octet = fc.constantFrom(0, 0, 0x3d, 0x3d, 0x41, 0x42, 0x2d, 0xc3, 0xa9, 0x20);
  const limits = { textLength: 100, pairCount: 100, valueLength: 100 };
  let read = 0;
  fc.assert(
    fc.property(fc.array(octet, { maxLength: 12 }), (octets) => {
      const text = Uint8Array.from([...octets, 0]);
      const pairs = parseKeyValues(text, limits);
      if (pairs instanceof KeyValueFault || pairs.length === 0) return;
      read++;
      const again = emitKeyValues(pairs);
      assert.deepEqual(text.subarray(0, again.length), again);
      assert.equal(text.subarray(again.length).every((padding) => padding === 0), true);
    }),
    { numRuns: 2000, seed: 7143 },
  );
  assert.ok(read > 20, `only ${read} texts were readable`);
});

Deno.test("emitKeyValues refuses what would not be read back", () => {
  assert.throws(() => emitKeyValues([["A=B", "1"]]), RangeError);
  assert.throws(() => emitKeyValues([["A", "1\0B=2"]]), RangeError);
});
