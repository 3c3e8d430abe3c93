import assert from "node:assert/strict";
import fc from "fast-check";
import { serialAdd, serialAtMost, serialDistance, serialLess } from "../../../lib/wire/serial.ts";

function serial(): fc.Arbitrary<number> {
  return fc.oneof(fc.integer({ min: 0, max: 0xffffffff }), wrapping());
}

function wrapping(): fc.Arbitrary<number> {
  return fc.integer({ min: -16, max: 16 }).map((n) => n >>> 0);
}

Deno.test("A44: serialAdd wraps at 32 bits both ways", () => {
  assert.equal(serialAdd(0xffffffff, 1), 0);
  assert.equal(serialAdd(0xfffffff0, 0x20), 0x10);
  assert.equal(serialAdd(0, -1), 0xffffffff);
});

Deno.test("A44: serialLess holds across the wrap", () => {
  assert.equal(serialLess(0xffffffff, 0), true);
  assert.equal(serialLess(0, 0xffffffff), false);
  assert.equal(serialLess(0x7fffffff, 0x80000000), true);
  assert.equal(serialLess(5, 5), false);
});

Deno.test("A44: serialDistance counts the steps from one number to the other", () => {
  fc.assert(fc.property(serial(), fc.integer({ min: -0x7fffffff, max: 0x7fffffff }), (a, n) => {
    assert.equal(serialDistance(a, serialAdd(a, n)), n);
    assert.equal(serialLess(a, serialAdd(a, n)), n > 0);
    assert.equal(serialAtMost(a, serialAdd(a, n)), n >= 0);
  }));
});

Deno.test("A44: serialLess and serialAtMost are each other's opposite", () => {
  fc.assert(fc.property(serial(), serial(), (a, b) => {
    fc.pre(serialDistance(a, b) !== -0x80000000);
    assert.equal(serialLess(a, b), !serialAtMost(b, a));
  }));
});
