import assert from "node:assert/strict";
import { StampLedger } from "../../support/stamp_ledger.ts";
import { BLOCK_LENGTH, stampedBlocks } from "../../support/stamped_block.ts";

const ROUND = 1;

/** A disk of four blocks, whose first two were written and acknowledged. */
function written(): { ledger: StampLedger; octets: Uint8Array } {
  const ledger = new StampLedger(4);
  const octets = new Uint8Array(4 * BLOCK_LENGTH);
  const write = ledger.issue(0, 2);
  octets.set(stampedBlocks({ blockNumber: 0, stamp: write.stamp, round: ROUND }, 2));
  ledger.acknowledge(write);
  return { ledger, octets };
}

Deno.test("StampLedger: what was acknowledged, and blocks never written, are right", () => {
  const { ledger, octets } = written();
  assert.equal(ledger.openBlocks, 0);
  ledger.settle(octets);
});

Deno.test("StampLedger: of a write without an answer each block is there or is not", () => {
  const { ledger, octets } = written();
  const { stamp } = ledger.issue(1, 2);
  assert.ok(!ledger.isFree(0, 2) && ledger.isFree(3, 1));
  assert.equal(ledger.openBlocks, 2);
  octets.set(stampedBlocks({ blockNumber: 1, stamp, round: ROUND }, 1), BLOCK_LENGTH);
  ledger.settle(octets);
  assert.equal(ledger.openBlocks, 0);
  // What was read once stays.
  octets.set(stampedBlocks({ blockNumber: 2, stamp, round: ROUND }, 1), 2 * BLOCK_LENGTH);
  assert.throws(() => ledger.settle(octets), /1 of 4 blocks are wrong: block 2 holds stamp 2/);
});

Deno.test("StampLedger: an acknowledged write that is gone is told", () => {
  const { ledger, octets } = written();
  octets.fill(0, BLOCK_LENGTH, 2 * BLOCK_LENGTH);
  assert.throws(() => ledger.settle(octets), /block 1 holds stamp 0; acknowledged was 1/);
});

Deno.test("StampLedger: an older stamp than the acknowledged one is told", () => {
  const { ledger, octets } = written();
  ledger.acknowledge(ledger.issue(0, 1));
  assert.throws(() => ledger.settle(octets), /block 0 holds stamp 1; acknowledged was 2/);
});

Deno.test("StampLedger: a torn block is told, wherever it is cut", () => {
  for (const cut of [12, 13, 256, 507, 508, 511]) {
    const { ledger, octets } = written();
    const { stamp } = ledger.issue(0, 1);
    const later = stampedBlocks({ blockNumber: 0, stamp, round: ROUND }, 1);
    octets.set(later.subarray(0, cut));
    assert.throws(() => ledger.settle(octets), /block 0 is torn/, `cut at ${cut}`);
  }
});

Deno.test("StampLedger: what belongs to another block is told", () => {
  const { ledger, octets } = written();
  octets.copyWithin(0, BLOCK_LENGTH, 2 * BLOCK_LENGTH);
  assert.throws(() => ledger.settle(octets), /block 0 holds what was written to block 1/);
});
