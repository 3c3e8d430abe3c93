import assert from "node:assert/strict";
import { LatencyRule, READ_BOUND, WRITE_BOUND } from "../../../lib/block/latency_rule.ts";

/** Transfers that the rule sends the asynchronous way before it tries one at once. */
function waits(rule: LatencyRule): number {
  let count = 0;
  while (rule.mustWait()) count++;
  return count;
}

Deno.test("LatencyRule: goes on at once while transfers stay within their bound", () => {
  const rule = new LatencyRule(READ_BOUND);
  rule.took(0.033, 4096);
  assert.equal(waits(rule), 0);
  rule.took(0.09, 65536);
  assert.equal(waits(rule), 0);
  const writes = new LatencyRule(WRITE_BOUND);
  writes.took(0.2, 4096);
  assert.equal(waits(writes), 0);
});

Deno.test("LatencyRule: each slow try doubles the stretch, 16 to 512, a fast one ends it", () => {
  const rule = new LatencyRule(READ_BOUND);
  const stretches: number[] = [];
  for (let i = 0; i < 8; i++) {
    rule.took(0.05, 4096);
    stretches.push(waits(rule));
  }
  assert.deepEqual(stretches, [16, 32, 64, 128, 256, 512, 512, 512]);
  rule.took(0.002, 4096);
  assert.equal(waits(rule), 0);
  rule.took(0.05, 4096);
  assert.equal(waits(rule), 16);
});
