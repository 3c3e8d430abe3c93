import assert from "node:assert/strict";
import fc from "fast-check";
import { RangeLocks, type Release } from "../../../lib/block/range_locks.ts";

/** Lets every promise that can resolve do so. */
async function settle(): Promise<void> {
  for (let i = 0; i < 10; i++) await Promise.resolve();
}

Deno.test("RangeLocks: shared claims on the same range are held together", async () => {
  const locks = new RangeLocks();
  await locks.shared(0, 10);
  await locks.shared(5, 10);
  assert.equal(locks.idle, true);
  assert.equal(locks.free(14, 1), false);
  assert.equal(locks.free(15, 1), true);
});

Deno.test("RangeLocks: an exclusive claim waits for overlapping transfers, not for others", async () => {
  const locks = new RangeLocks();
  const releaseNear = await locks.shared(0, 10);
  await locks.shared(20, 10);
  let held = false;
  locks.exclusive(9, 11).then(() => held = true);
  await settle();
  assert.equal(held, false);
  assert.equal(locks.idle, false);
  releaseNear();
  await settle();
  assert.equal(held, true);
});

Deno.test("RangeLocks: a shared claim does not overtake an exclusive one that waits", async () => {
  const locks = new RangeLocks();
  const order: string[] = [];
  const first = await locks.shared(0, 10);
  const exclusive = locks.exclusive(0, 10).then((release) => {
    order.push("exclusive");
    return release;
  });
  locks.shared(0, 10).then(() => order.push("shared"));
  await settle();
  assert.deepEqual(order, []);
  first();
  (await exclusive)();
  await settle();
  assert.deepEqual(order, ["exclusive", "shared"]);
  assert.equal(locks.idle, true);
});

Deno.test("RangeLocks: releasing twice lets go of one claim only", async () => {
  const locks = new RangeLocks();
  const release = await locks.exclusive(0, 10);
  release();
  await locks.exclusive(0, 10);
  release();
  assert.equal(locks.free(0, 1), false);
  assert.equal(locks.idle, false);
});

Deno.test("RangeLocks: an empty range is granted at once and blocks nobody", async () => {
  const locks = new RangeLocks();
  await locks.exclusive(0, 10);
  await locks.exclusive(5, 0);
  await locks.shared(10, 0);
  assert.equal(locks.free(5, 0), true);
});

Deno.test("RangeLocks: no two conflicting claims are held together, and all are granted", async () => {
  const claim = fc.record({ offset: fc.nat(20), length: fc.nat(8), exclusive: fc.boolean() });
  await fc.assert(fc.asyncProperty(fc.array(claim, { maxLength: 12 }), async (claims) => {
    const locks = new RangeLocks();
    const held = new Map<typeof claims[number], Release>();
    let granted = 0;
    for (const each of claims) {
      const kind = each.exclusive ? "exclusive" : "shared";
      locks[kind](each.offset, each.length).then((release) => {
        granted++;
        for (const other of held.keys()) {
          const overlap = other.offset < each.offset + each.length &&
            each.offset < other.offset + other.length && each.length > 0 && other.length > 0;
          assert.ok(!overlap || !(other.exclusive || each.exclusive));
        }
        held.set(each, release);
      });
    }
    for (await settle(); held.size > 0; await settle()) {
      const [first, release] = held.entries().next().value!;
      held.delete(first);
      release();
    }
    assert.equal(granted, claims.length);
    assert.equal(locks.idle, true);
    assert.equal(locks.free(0, 100), true);
  }));
});
