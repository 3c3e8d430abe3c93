import assert from "node:assert/strict";
import fc from "fast-check";
import { formatSize, parseSize } from "../../../cli/size.ts";

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

Deno.test("formatSize: the largest unit that fits, never rounded up", () => {
  const shown = [0, 1, 1023, 1024, 1536, 2 ** 30 - 1, 20 * 2 ** 30, 1.5 * 2 ** 40].map(formatSize);
  assert.deepEqual(shown, ["0B", "1B", "1023B", "1K", "1.5K", "1023.9M", "20G", "1.5T"]);
});

Deno.test("formatSize: what it shows is a size that parses to no more", () => {
  fc.assert(fc.property(fc.maxSafeNat(), (octets) => {
    const shown = formatSize(octets);
    const [number, unit] = [Number(shown.slice(0, -1)), shown.slice(-1)];
    assert.ok(number * parseSize(`1${unit}`) <= octets);
  }));
});
