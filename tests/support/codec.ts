/**
 * The codec test kit: a layout, a fixture of annotated hex and a record of its fields make all the
 * tests that a wire structure needs. In a fixture `#` begins a comment; a record has each field of
 * the layout, runs of octets as hex.
 */
import assert from "node:assert/strict";
import fc from "fast-check";
import type { Field, Fields, Layout } from "../../lib/wire/layout.ts";

type Value = number | boolean | string | Uint8Array;
/** What a fixture reads as. */
export type WireRecord<F extends Fields> = { readonly [K in keyof F]: number | boolean | string };

/** Where a structure lies in the memory of these tests: neither at its start nor aligned. */
const BASE = 5;
const MARK = 0xa5;

/** The octets of a fixture, named from tests/fixtures on. */
export async function readFixture(path: string): Promise<Uint8Array<ArrayBuffer>> {
  const text = await Deno.readTextFile(new URL(`../fixtures/${path}`, import.meta.url));
  const hex = text.split("\n").map((line) => line.replace(/#.*/, "")).join("");
  return Uint8Array.fromHex(hex.replaceAll(/\s/g, ""));
}

/** Registers the tests of one structure. */
export function testCodec<F extends Fields>(
  name: string,
  layout: Layout<F>,
  fixture: string,
  record: WireRecord<F>,
): void {
  Deno.test(`${name} reads its fixture as its record, field by field`, async () => {
    const octets = await readFixture(fixture);
    assert.equal(octets.length, layout.length);
    const values = Object.entries(parse(layout, octets, 0)).map(([key, value]) => [
      key,
      value instanceof Uint8Array ? value.toHex() : value,
    ]);
    assert.deepEqual(Object.fromEntries(values), { ...record });
  });

  Deno.test(`${name} writes its record as its fixture`, async () => {
    const octets = new Uint8Array(layout.length);
    emit(layout, octets, 0, valuesOf(layout, record));
    assert.equal(octets.toHex(), (await readFixture(fixture)).toHex());
  });

  Deno.test(`${name} writes nothing but its fields into memory that is in use`, () => {
    const octets = new Uint8Array(BASE + layout.length + BASE).fill(MARK);
    emit(layout, octets, BASE, valuesOf(layout, record));
    assert.deepEqual(parse(layout, octets, BASE), valuesOf(layout, record));
    const claimed = claimedBits(layout);
    for (const [at, octet] of octets.entries()) {
      const others = ~(claimed[at - BASE] ?? 0) & 0xff;
      assert.equal(octet & others, MARK & others, `octet ${at - BASE}`);
    }
  });

  Deno.test(`${name} has no two fields on the same bits, and none outside`, () => {
    claimedBits(layout);
  });

  Deno.test(`A148: ${name} reads back whatever values are written`, () => {
    fc.assert(fc.property(anyValues(layout), (values) => {
      const octets = new Uint8Array(BASE + layout.length).fill(MARK);
      emit(layout, octets, BASE, values);
      assert.deepEqual(parse(layout, octets, BASE), values);
    }));
  });

  Deno.test(`A148: ${name} writes back whatever octets are read`, () => {
    const claimed = claimedBits(layout);
    const any = fc.uint8Array({ minLength: layout.length, maxLength: layout.length });
    fc.assert(fc.property(any, (drawn) => {
      const octets = madeValid(layout, drawn);
      const again = new Uint8Array(layout.length);
      emit(layout, again, 0, parse(layout, octets, 0));
      assert.deepEqual(again, octets.map((octet, at) => octet & (claimed[at] ?? 0)));
    }));
  });
}

type Values = Record<string, Value>;

function parse<F extends Fields>(layout: Layout<F>, octets: Uint8Array, base: number): Values {
  const view = new layout(octets, base) as unknown as Values;
  const copy = (value: Value) => value instanceof Uint8Array ? value.slice() : value;
  return Object.fromEntries(Object.keys(layout.fields).map((key) => [key, copy(view[key]!)]));
}

function emit<F extends Fields>(
  layout: Layout<F>,
  octets: Uint8Array,
  base: number,
  values: Values,
): void {
  Object.assign(new layout(octets, base), values);
}

/** A record's values as the fields take them. */
function valuesOf<F extends Fields>(layout: Layout<F>, record: WireRecord<F>): Values {
  const sample = parse(layout, new Uint8Array(layout.length), 0);
  return Object.fromEntries(
    Object.entries(record).map(([key, value]) => [
      key,
      sample[key] instanceof Uint8Array ? Uint8Array.fromHex(String(value)) : value,
    ]),
  );
}

/** The bits that fields have in each octet; fails where two have the same. */
function claimedBits<F extends Fields>(layout: Layout<F>): number[] {
  const claimed = Array.from({ length: layout.length }, () => 0);
  for (const [name, { at, length, mask = 0xff }] of Object.entries(layout.fields)) {
    assert.ok(at >= 0 && at + length <= layout.length, `${name} lies outside the structure`);
    for (let i = at; i < at + length; i++) {
      assert.equal(claimed[i]! & mask, 0, `${name} overlaps another field at octet ${i}`);
      claimed[i]! |= mask;
    }
  }
  return claimed;
}

function anyValues<F extends Fields>(layout: Layout<F>): fc.Arbitrary<Values> {
  const sample = parse(layout, new Uint8Array(layout.length), 0);
  const fields: readonly [string, Field<unknown>][] = Object.entries(layout.fields);
  return fc.record(
    Object.fromEntries(fields.map(([key, field]) => [key, anyValue(field, sample[key]!)])),
    { noNullPrototype: true },
  );
}

/** The octets with those changed that mean nothing exact: beyond ASCII, or beyond 2^53. */
function madeValid<F extends Fields>(layout: Layout<F>, drawn: Uint8Array): Uint8Array {
  const octets = drawn.slice();
  const sample = parse(layout, octets, 0);
  const view = new DataView(octets.buffer, octets.byteOffset);
  for (const [key, field] of Object.entries(layout.fields)) {
    const { at, length } = field;
    if (typeof sample[key] === "string") {
      for (let i = at; i < at + length; i++) octets[i]! &= 0x7f;
    } else if (typeof sample[key] === "number" && length === 8) {
      field.set(view, 0, sample[key] % Number.MAX_SAFE_INTEGER);
    }
  }
  return octets;
}

/** Any value that a field can hold, of the type of `sample`. */
function anyValue({ length, mask }: Field<unknown>, sample: Value): fc.Arbitrary<Value> {
  if (typeof sample === "boolean") return fc.boolean();
  if (sample instanceof Uint8Array) return fc.uint8Array({ minLength: length, maxLength: length });
  if (typeof sample === "string") {
    return fc.stringMatching(new RegExp(`^[ -~]{${length}}$`));
  }
  const most = mask === undefined ? 256 ** length - 1 : mask / (mask & -mask);
  return fc.integer({ min: 0, max: Math.min(most, Number.MAX_SAFE_INTEGER) });
}
