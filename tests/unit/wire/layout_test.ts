import assert from "node:assert/strict";
import {
  ascii,
  bits,
  bytes,
  flag,
  layout,
  u16,
  u24,
  u32,
  u64,
  u8,
} from "../../../lib/wire/layout.ts";
import { testCodec } from "../../support/codec.ts";

/** A structure with every kind of field. */
const Sample = layout(32, {
  high: bits(0, 0xe0),
  middle: flag(0, 4),
  low: bits(0, 0x0f),
  octet: u8(1),
  two: u16(2),
  three: u24(4),
  four: u32(8),
  eight: u64(12),
  run: bytes(20, 5),
  name: ascii(25, 6),
});

testCodec("layout", Sample, "wire/sample.hex", {
  high: 5,
  middle: true,
  low: 9,
  octet: 0xfe,
  two: 0x0102,
  three: 0xfedcba,
  four: 0xfffffffe,
  eight: 0x1f_ffff_ffff_fffe,
  run: "0a0b0c0d0e",
  name: "sanctl",
});

Deno.test("layout moves a view by its base, on any part of a buffer", () => {
  const octets = new Uint8Array(80).subarray(3);
  const view = new Sample(octets);
  view.base = 8;
  view.four = 7;
  assert.equal(octets[8 + 8 + 3], 7);
  view.base = 40;
  assert.equal(view.four, 0);
});

Deno.test("layout refuses to go beyond the buffer", () => {
  assert.throws(() => new Sample(new Uint8Array(11)).four, RangeError);
  assert.throws(() => new Sample(new Uint8Array(32), 24).four = 1, RangeError);
});

Deno.test("bytes are a window on the buffer, and zero what a shorter value leaves", () => {
  const view = new Sample(new Uint8Array(32).fill(0xff));
  view.run = Uint8Array.of(1, 2);
  assert.equal(view.run.toHex(), "0102000000");
  view.run[4] = 9;
  assert.equal(view.run.toHex(), "0102000009");
});

Deno.test("ascii pads with blanks, and cuts what is too long", () => {
  const view = new Sample(new Uint8Array(32));
  view.name = "ab";
  assert.equal(view.name, "ab    ");
  view.name = "abcdefgh";
  assert.equal(view.name, "abcdef");
});

Deno.test("u64 keeps an address beyond 2^53 out of reach, though rounded", () => {
  const octets = new Uint8Array(32).fill(0xff);
  assert.ok(new Sample(octets).eight > Number.MAX_SAFE_INTEGER);
});
