import assert from "node:assert/strict";
import fc from "fast-check";
import { formatSize } from "../../../cli/size.ts";
import { parseSize } from "../../../lib/config/size.ts";

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
