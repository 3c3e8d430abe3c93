import assert from "node:assert/strict";
import { Damping } from "../../../../lib/initiator/multipath/damping.ts";

const SETTINGS = { settleMs: 1000, mostSettleMs: 5000 };

Deno.test("A144: a path that was never lost is used at once, one that was has to last", () => {
  const damping = new Damping(SETTINGS);
  assert.equal(damping.settleMs, 0);
  damping.lost(100);
  assert.equal(damping.settleMs, 1000);
});

Deno.test("A144: a path that is lost again and again has to last ever longer, within bounds", () => {
  const damping = new Damping(SETTINGS);
  const waits = Array.from({ length: 5 }, () => {
    damping.lost(100);
    return damping.settleMs;
  });
  assert.deepEqual(waits, [1000, 2000, 4000, 5000, 5000]);
});

Deno.test("A144: a path that has lasted is forgiven", () => {
  const damping = new Damping(SETTINGS);
  for (let i = 0; i < 4; i++) damping.lost(100);
  damping.lost(30_000);
  assert.equal(damping.settleMs, 1000);
});
