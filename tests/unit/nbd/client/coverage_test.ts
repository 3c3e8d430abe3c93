import assert from "node:assert/strict";
import fc from "fast-check";
import { Coverage } from "../../../../lib/nbd/client/coverage.ts";

Deno.test("Coverage: takes each octet once, in whatever order and pieces", () => {
  const range = fc.record({ begin: fc.nat(60), length: fc.integer({ min: 1, max: 20 }) });
  fc.assert(fc.property(fc.array(range, { maxLength: 20 }), (ranges) => {
    const coverage = new Coverage();
    const seen = new Set<number>();
    for (const { begin, length } of ranges) {
      const octets = Array.from({ length }, (_, index) => begin + index);
      const isNew = octets.every((octet) => !seen.has(octet));
      assert.equal(coverage.add(begin, length), isNew);
      if (!isNew) return;
      for (const octet of octets) seen.add(octet);
      assert.equal(coverage.octets, seen.size);
    }
  }));
});

Deno.test("Coverage: takes no more gaps than a server has a reason for", () => {
  const coverage = new Coverage();
  let taken = 0;
  while (coverage.add(taken * 2, 1)) taken++;
  assert.equal(taken, 1024);
});
