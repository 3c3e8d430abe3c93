import assert from "node:assert/strict";
import { isZero } from "../../../lib/block/zeros.ts";

Deno.test("isZero() finds a single octet that is not, wherever it is and however they lie", () => {
  const buffer = new Uint8Array(64).fill(0xff);
  for (let from = 0; from < 8; from++) {
    for (let length = 0; length < 24; length++) {
      const octets = buffer.subarray(from, from + length).fill(0);
      assert.equal(isZero(octets), true);
      for (let at = 0; at < length; at++) {
        octets[at] = 1;
        assert.equal(isZero(octets), false, `${length} octets from ${from}, one at ${at}`);
        octets[at] = 0;
      }
      octets.fill(0xff);
    }
  }
});
