import assert from "node:assert/strict";
import { BHS_LENGTH } from "../../../lib/iscsi/bhs.ts";
import { Found, Framer } from "../../../lib/iscsi/framer.ts";
import { BufferPool } from "../../../lib/wire/buffer_pool.ts";
import { Inbox } from "../../../lib/wire/inbox.ts";
import { pattern } from "../../support/block_commands.ts";

const SMALL = 256;

function inboxOf(): Inbox {
  return new Inbox(SMALL, new BufferPool(65_536, 65_536, 1, 1));
}

/** A PDU with data of this length, padded. */
function pduOf(dataLength: number): Uint8Array {
  const octets = new Uint8Array(BHS_LENGTH + ((dataLength + 3) & ~3));
  new DataView(octets.buffer).setUint32(4, dataLength);
  octets.set(pattern(dataLength), BHS_LENGTH);
  return octets;
}

/** Receives all of it, as far as there is room each time. */
function receive(inbox: Inbox, octets: Uint8Array, framer: Framer): Found {
  for (let at = 0;;) {
    const space = inbox.space();
    const count = Math.min(space.length, octets.length - at);
    space.set(octets.subarray(at, at + count));
    inbox.fill(count);
    at += count;
    const found = framer.next();
    if (found !== Found.NOTHING || at === octets.length) return found;
  }
}

Deno.test("Framer: finds a PDU that is larger than the buffer of an idle connection", () => {
  const inbox = inboxOf();
  const framer = new Framer(inbox, 8192);
  assert.equal(receive(inbox, pduOf(5001), framer), Found.PDU);
  assert.equal(framer.dataLength, 5001);
  assert.equal(framer.length, BHS_LENGTH + 5004);
  const data = framer.octets.subarray(framer.dataAt, framer.dataAt + framer.dataLength);
  assert.deepEqual(data, pattern(5001));
});

Deno.test("Framer: keeps no large buffer once the inbox is at rest", () => {
  const inbox = inboxOf();
  const framer = new Framer(inbox, 8192);
  receive(inbox, pduOf(5001), framer);
  assert.ok(framer.octets.length > SMALL);
  inbox.take(framer.length);
  inbox.rest();
  assert.equal(framer.octets.length, SMALL);
  assert.equal(framer.view.byteLength, SMALL);
});
