import assert from "node:assert/strict";
import { wide } from "../../../lib/runtime/wide.ts";

Deno.test("wide makes a 64-bit integer of every length and position", () => {
  for (const value of [0, 1, 512, 2 ** 31, 2 ** 32 - 1, 2 ** 32, 2 ** 40 + 5, 2 ** 53 - 1]) {
    assert.equal(wide(value), BigInt(value));
  }
});
