import assert from "node:assert/strict";
import { BufferPool } from "../../../lib/wire/buffer_pool.ts";

Deno.test("BufferPool lends again what was returned last", () => {
  const pool = new BufferPool(1024, 64, 8, 8);
  const [first, second] = [pool.take(), pool.take()];
  pool.give(second);
  pool.give(first);
  assert.equal(pool.take(), first);
  assert.equal(pool.take(), second);
});

Deno.test("BufferPool lends small buffers beyond its limit", () => {
  const pool = new BufferPool(1024, 64, 2, 8);
  const lengths = [pool.take(), pool.take(), pool.take()].map(({ octets }) => octets.length);
  assert.deepEqual(lengths, [1024, 1024, 64]);
  assert.equal(pool.lent, 3);
});

Deno.test("BufferPool keeps only so many of each length", () => {
  const pool = new BufferPool(1024, 64, 2, 1);
  const [first, second, third, fourth] = [pool.take(), pool.take(), pool.take(), pool.take()];
  for (const buffer of [first, second, third, fourth]) pool.give(buffer);
  assert.equal(pool.lent, 0);
  assert.equal(pool.take(), first);
  assert.notEqual(pool.take(), second);
  assert.equal(pool.take(), third);
  assert.notEqual(pool.take(), fourth);
});
