import assert from "node:assert/strict";
import fc from "fast-check";
import { BufferPool } from "../../../lib/wire/buffer_pool.ts";
import { Inbox } from "../../../lib/wire/inbox.ts";

const SMALL = 16;
const LARGE = 64;

function makeInbox(): { inbox: Inbox; pool: BufferPool } {
  const pool = new BufferPool(LARGE, LARGE, 4, 4);
  return { inbox: new Inbox(SMALL, pool), pool };
}

/** Receives as many of `octets` as there is space for, and answers how many. */
function receive(inbox: Inbox, octets: Uint8Array): number {
  const space = inbox.space();
  const count = Math.min(space.length, octets.length);
  space.set(octets.subarray(0, count));
  inbox.fill(count);
  return count;
}

function held(inbox: Inbox): Uint8Array {
  return inbox.octets.slice(inbox.start, inbox.end);
}

Deno.test("Inbox begins at its start again when all is taken", () => {
  const { inbox } = makeInbox();
  receive(inbox, new Uint8Array(10));
  inbox.take(10);
  assert.equal(inbox.space().length, SMALL);
});

Deno.test("Inbox moves what is left to its start when it is full", () => {
  const { inbox } = makeInbox();
  receive(inbox, Uint8Array.from({ length: SMALL }, (_, i) => i));
  inbox.take(12);
  assert.equal(inbox.space().length, 12);
  assert.deepEqual(held(inbox), Uint8Array.of(12, 13, 14, 15));
});

Deno.test("Inbox borrows a large buffer for a frame that does not fit, and gives it back", () => {
  const { inbox, pool } = makeInbox();
  receive(inbox, Uint8Array.from({ length: SMALL }, (_, i) => i));
  inbox.require(40);
  assert.equal(inbox.isLarge, true);
  assert.equal(inbox.view.buffer, inbox.octets.buffer);
  assert.deepEqual(held(inbox), Uint8Array.from({ length: SMALL }, (_, i) => i));
  assert.ok(inbox.start + 40 <= inbox.octets.length);
  inbox.take(SMALL);
  inbox.rest();
  assert.equal(pool.lent, 0);
  assert.equal(inbox.octets.length, SMALL);
});

Deno.test("Inbox keeps the large buffer while more is held than the small one takes", () => {
  const { inbox, pool } = makeInbox();
  inbox.expectMore();
  receive(inbox, new Uint8Array(SMALL + 1));
  inbox.rest();
  assert.equal(pool.lent, 1);
  inbox.take(1);
  inbox.rest();
  assert.equal(pool.lent, 0);
  assert.equal(inbox.available, SMALL);
});

Deno.test("Inbox refuses a frame that fits no buffer", () => {
  assert.throws(() => makeInbox().inbox.require(LARGE + 1), RangeError);
});

Deno.test("Inbox hands out the octets as they came, whatever the pieces", () => {
  const sizes = fc.array(fc.integer({ min: 1, max: LARGE }), { minLength: 1, maxLength: 12 });
  fc.assert(fc.property(sizes, fc.array(fc.integer({ min: 1, max: 20 })), (frames, pieces) => {
    const { inbox, pool } = makeInbox();
    const total = frames.reduce((sum, length) => sum + length, 0);
    const stream = Uint8Array.from({ length: total }, (_, i) => i);
    const taken: number[] = [];
    let sent = 0;
    let turn = 0;
    for (const length of frames) {
      inbox.require(length);
      while (inbox.available < length) {
        const piece = pieces.length === 0 ? total : pieces[turn++ % pieces.length]!;
        sent += receive(inbox, stream.subarray(sent, sent + piece));
      }
      taken.push(...inbox.octets.subarray(inbox.start, inbox.start + length));
      inbox.take(length);
      inbox.rest();
    }
    assert.deepEqual(taken, [...stream]);
    assert.ok(pool.lent <= 1);
  }));
});

Deno.test("Inbox that does not borrow takes as much of its own as a frame needs", () => {
  const { inbox, pool } = makeInbox();
  inbox.borrows = false;
  receive(inbox, Uint8Array.from({ length: SMALL }, (_, i) => i));
  inbox.require(20);
  assert.equal(inbox.octets.length, 20);
  assert.deepEqual(held(inbox), Uint8Array.from({ length: SMALL }, (_, i) => i));
  inbox.borrows = true;
  inbox.require(40);
  assert.equal(pool.lent, 1);
  assert.deepEqual(held(inbox), Uint8Array.from({ length: SMALL }, (_, i) => i));
  inbox.take(SMALL);
  inbox.rest();
  assert.equal(pool.lent, 0);
});

Deno.test("Inbox keeps the large buffer for a frame of which little has come", () => {
  const { inbox, pool } = makeInbox();
  receive(inbox, new Uint8Array(4));
  inbox.require(40);
  inbox.rest();
  assert.equal(pool.lent, 1);
  receive(inbox, new Uint8Array(36));
  inbox.take(40);
  inbox.rest();
  assert.equal(pool.lent, 0);
});

Deno.test("Inbox refuses to move while a read into it is under way", () => {
  const { inbox } = makeInbox();
  receive(inbox, new Uint8Array(4));
  inbox.space();
  assert.throws(() => inbox.require(40), /a read into it is under way/);
  inbox.fill(0);
  inbox.require(40);
});
