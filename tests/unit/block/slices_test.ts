import assert from "node:assert/strict";
import fc from "fast-check";
import { slices } from "../../../lib/block/slices.ts";

async function collect(offset: number, length: number, most: number) {
  const all: { offset: number; length: number }[] = [];
  for await (const slice of slices({ aborted: false }, offset, length, most)) all.push(slice);
  return all;
}

Deno.test("slices: cover the range without gaps, each within one multiple", async () => {
  const most = fc.integer({ min: 1, max: 64 });
  await fc.assert(fc.asyncProperty(fc.nat(300), fc.nat(300), most, async (offset, length, most) => {
    let next = offset;
    for (const slice of await collect(offset, length, most)) {
      assert.equal(slice.offset, next);
      assert.ok(slice.length > 0);
      next += slice.length;
      assert.equal(Math.floor(slice.offset / most), Math.floor((next - 1) / most));
    }
    assert.equal(next, offset + length);
  }));
});

Deno.test("slices: offsets past 2^32 are cut like others", async () => {
  const offset = 2 ** 40 + 5;
  assert.deepEqual(await collect(offset, 10, 8), [
    { offset, length: 3 },
    { offset: offset + 3, length: 7 },
  ]);
});

Deno.test("B-30 slices: the event loop turns between two, and not before the first", async () => {
  let turns = 0;
  setImmediate(() => turns++);
  const seen: number[] = [];
  for await (const _ of slices({ aborted: false }, 0, 16, 8)) seen.push(turns);
  assert.deepEqual(seen, [0, 1]);
});

Deno.test("slices: an aborted task gets no further one", async () => {
  const task = { aborted: false };
  const seen: number[] = [];
  for await (const { offset } of slices(task, 0, 64, 8)) {
    seen.push(offset);
    task.aborted = offset === 16;
  }
  assert.deepEqual(seen, [0, 8, 16]);
});
