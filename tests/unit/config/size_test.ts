import assert from "node:assert/strict";
import fc from "fast-check";
import { exactSize, parseSize } from "../../../lib/config/size.ts";

Deno.test("parseSize: a number and a unit of 1024 octets and its powers", () => {
  assert.equal(parseSize("512M"), 512 * 2 ** 20);
  assert.equal(parseSize("20G"), 20 * 2 ** 30);
  assert.equal(parseSize("20GiB"), 20 * 2 ** 30);
  assert.equal(parseSize("1.5t"), 1.5 * 2 ** 40);
  assert.equal(parseSize("4 K"), 4096);
  assert.equal(parseSize("512B"), 512);
});

Deno.test("parseSize: a bare number is refused with the right form", () => {
  assert.throws(() => parseSize("20"), /a size needs a unit: 20M, 20G or, for octets, 20B/);
});

Deno.test("parseSize: what is no size is refused with an example", () => {
  for (const text of ["", "G", "-1G", "1e3M", "20GB", "20MB", "0x10K", "1,5G", "twenty"]) {
    assert.throws(() => parseSize(text), /such as 512M or 20G/, text);
  }
});

Deno.test("parseSize: parts of an octet and sizes past 2^53 are refused", () => {
  assert.throws(() => parseSize("1.5B"), /no whole number of octets/);
  assert.throws(() => parseSize("9000P"), /too large/);
});

Deno.test("exactSize: the largest unit of which it is a whole number", () => {
  const shown = [0, 512, 1536, 1537 * 2 ** 10, 20 * 2 ** 30, 2 ** 40, 2 ** 40 + 1].map(exactSize);
  assert.deepEqual(shown, ["0B", "512B", "1536B", "1537K", "20G", "1T", "1099511627777B"]);
});

Deno.test("exactSize: parseSize takes it back to the octet", () => {
  fc.assert(fc.property(fc.maxSafeNat(), fc.nat({ max: 40 }), (octets, shift) => {
    const size = octets - octets % 2 ** shift;
    assert.equal(parseSize(exactSize(size)), size);
  }));
});
