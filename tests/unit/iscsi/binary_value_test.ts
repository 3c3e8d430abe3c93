import assert from "node:assert/strict";
import fc from "fast-check";
import { emitBinary, parseBinary } from "../../../lib/iscsi/binary_value.ts";

Deno.test("A148: parseBinary reads back what emitBinary writes, and base64 as well", () => {
  fc.assert(fc.property(fc.uint8Array({ minLength: 1, maxLength: 64 }), (octets) => {
    assert.deepEqual(parseBinary(emitBinary(octets), 64), octets);
    assert.deepEqual(parseBinary("0b" + octets.toBase64(), 64), octets);
    assert.deepEqual(parseBinary("0X" + octets.toHex().toUpperCase(), 64), octets);
  }));
});

Deno.test("parseBinary takes an odd number of digits as one with a leading zero", () => {
  assert.deepEqual(parseBinary("0x123", 8), Uint8Array.of(0x01, 0x23));
});

Deno.test("parseBinary refuses what is malformed or empty", () => {
  for (const text of ["", "0x", "0b", "12", "0x1g", "0bA", "0bAA=A", "0b====", "0bAA A", "0x 12"]) {
    assert.equal(parseBinary(text, 100), undefined, JSON.stringify(text));
  }
});

Deno.test("parseBinary refuses more octets than the limit", () => {
  assert.equal(parseBinary("0x" + "00".repeat(17), 16), undefined);
  assert.equal(parseBinary("0b" + new Uint8Array(17).toBase64(), 16), undefined);
  assert.equal(parseBinary("0b" + new Uint8Array(16).toBase64(), 16)?.length, 16);
});
