import assert from "node:assert/strict";
import { Patience } from "../../../lib/net/patience.ts";
import { Turns } from "../../../lib/net/turns.ts";

Deno.test("whoever gets eight turns more than the first is alone, until another gets one", () => {
  const turns = new Turns();
  const one = {}, other = {};
  for (let turn = 0; turn < 8; turn++) {
    turns.take(one);
    assert.equal(turns.isAlone(one), false);
  }
  turns.take(one);
  assert.equal(turns.isAlone(one), true);
  assert.equal(turns.isAlone(other), false);
  turns.take(other);
  assert.equal(turns.isAlone(one), false);
  assert.equal(turns.isAlone(other), false);
  turns.take(one);
  assert.equal(turns.isAlone(one), false);
});

/** How many of so many chances are taken. */
function taken(patience: Patience, chances: number): number {
  let count = 0;
  for (let chance = 0; chance < chances; chance++) if (patience.pays) count++;
  return count;
}

Deno.test("waiting in vain four times rests for 256 chances", () => {
  const patience = new Patience();
  for (let round = 0; round < 3; round++) patience.disappointed();
  assert.equal(patience.pays, true);
  patience.disappointed();
  assert.equal(taken(patience, 256), 0);
  assert.equal(patience.pays, true);
});

Deno.test("rewards make up for disappointments", () => {
  const patience = new Patience();
  for (let round = 0; round < 100; round++) {
    patience.disappointed();
    patience.rewarded();
  }
  assert.equal(patience.pays, true);
});

Deno.test("a peer that sends ahead is not waited for", () => {
  const patience = new Patience();
  patience.superfluous();
  assert.equal(taken(patience, 256), 0);
  assert.equal(patience.pays, true);
});
