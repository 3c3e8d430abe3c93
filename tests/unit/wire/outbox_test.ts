import assert from "node:assert/strict";
import { BufferPool } from "../../../lib/wire/buffer_pool.ts";
import { Outbox } from "../../../lib/wire/outbox.ts";

function makeOutbox(): { outbox: Outbox; pool: BufferPool } {
  const pool = new BufferPool(64, 64, 4, 4);
  return { outbox: new Outbox(pool), pool };
}

Deno.test("Outbox lays out what is reserved one behind the other", () => {
  const { outbox } = makeOutbox();
  assert.deepEqual([outbox.reserve(8, 8), outbox.reserve(4, 4), outbox.room], [0, 8, 52]);
  outbox.view.setUint32(8, 0xdeadbeef);
  assert.equal(outbox.drain().toHex(), "0000000000000000deadbeef");
});

Deno.test("Outbox clears only as much as it is told, of memory that was in use", () => {
  const { outbox } = makeOutbox();
  outbox.reserve(8, 0);
  outbox.octets.fill(0xa5);
  outbox.drain();
  outbox.drained();
  outbox.reserve(8, 3);
  assert.equal(outbox.drain().toHex(), "000000a5a5a5a5a5");
});

Deno.test("Outbox fills another buffer while one is being written", () => {
  const { outbox } = makeOutbox();
  outbox.reserve(4, 4);
  const writing = outbox.drain();
  assert.equal(outbox.isDraining, true);
  outbox.reserve(4, 0);
  outbox.octets.fill(0xff);
  assert.equal(writing.toHex(), "00000000");
  outbox.drained();
  assert.equal(outbox.isDraining, false);
  assert.equal(outbox.length, 4);
});

Deno.test("Outbox takes back what was reserved last", () => {
  const { outbox } = makeOutbox();
  outbox.reserve(4, 4);
  const base = outbox.reserve(4, 4);
  outbox.rewind(base);
  assert.equal(outbox.drain().length, 4);
});

Deno.test("Outbox says how much room there would be without taking a buffer for it", () => {
  const pool = new BufferPool(64, 16, 1, 4);
  const [one, other] = [new Outbox(pool), new Outbox(pool)];
  assert.equal(one.room, 64);
  assert.equal(pool.lent, 0);
  one.reserve(4, 4);
  assert.equal(other.room, 16, "past the limit buffers are lean");
});

Deno.test("Outbox refuses more than it has room for", () => {
  const { outbox } = makeOutbox();
  outbox.reserve(60, 0);
  assert.throws(() => outbox.reserve(5, 0), RangeError);
  assert.equal(outbox.length, 60);
});

Deno.test("Outbox owns nothing while empty, and gives everything back when closed", () => {
  const { outbox, pool } = makeOutbox();
  assert.equal(pool.lent, 0);
  outbox.reserve(4, 4);
  outbox.drain();
  outbox.reserve(4, 4);
  assert.equal(pool.lent, 2);
  outbox.close();
  assert.equal(pool.lent, 0);
  assert.equal(outbox.isDraining, false);
});
