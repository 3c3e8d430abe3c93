import assert from "node:assert/strict";
import fc from "fast-check";
import zlib from "node:zlib";
import { crc32 } from "../../../lib/wire/crc32.ts";

Deno.test("crc32() gives the check value of its definition, and what zlib gives", () => {
  assert.equal(crc32(new TextEncoder().encode("123456789")), 0xcbf4_3926);
  fc.assert(fc.property(fc.uint8Array({ maxLength: 4096 }), (octets) => {
    assert.equal(crc32(octets), zlib.crc32(octets));
  }));
});
