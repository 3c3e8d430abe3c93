import assert from "node:assert/strict";
import fc from "fast-check";
import { BHS_LENGTH } from "../../../lib/iscsi/bhs.ts";
import { NopIn } from "../../../lib/iscsi/pdu/nop_in.ts";
import { PduWriter } from "../../../lib/iscsi/pdu_writer.ts";
import { BufferPool } from "../../../lib/wire/buffer_pool.ts";
import { crc32c } from "../../../lib/wire/crc32c.ts";
import { Outbox } from "../../../lib/wire/outbox.ts";

function dirtyWriter(length = 4096): { outbox: Outbox; writer: PduWriter } {
  const outbox = new Outbox(new BufferPool(length, length, 1, 1));
  outbox.room;
  outbox.octets.fill(0xa5);
  return { outbox, writer: new PduWriter(outbox) };
}

Deno.test("PduWriter lays out header, data and padding, with and without digests", () => {
  const anything = fc.record({
    headerDigest: fc.boolean(),
    dataDigest: fc.boolean(),
    data: fc.uint8Array({ maxLength: 300 }),
  });
  fc.assert(fc.property(anything, ({ headerDigest, dataDigest, data }) => {
    const { outbox, writer } = dirtyWriter();
    writer.headerDigest = headerDigest;
    writer.dataDigest = dataDigest;
    const base = writer.reserve(data.length);
    const pdu = new NopIn();
    pdu.view = writer.view;
    pdu.base = base;
    pdu.opcode = 0x20;
    pdu.statSN = 0x01020304;
    writer.octets.set(data, writer.dataAt(base));
    writer.seal(base);
    assert.equal(writer.lengthOf(data.length), outbox.length);

    const octets = outbox.drain();
    const view = new DataView(octets.buffer, octets.byteOffset, octets.byteLength);
    const padded = Math.ceil(data.length / 4) * 4;
    assert.equal((view.getUint8(5) << 16) | view.getUint16(6), data.length);
    assert.equal(view.getUint32(24), 0x01020304);
    assert.equal(view.getUint32(44), 0);
    let at = BHS_LENGTH;
    if (headerDigest) {
      assert.equal(view.getUint32(at, true), crc32c(octets, 0, BHS_LENGTH));
      at += 4;
    }
    assert.deepEqual(octets.slice(at, at + data.length), data);
    assert.ok(octets.subarray(at + data.length, at + padded).every((octet) => octet === 0));
    if (dataDigest && data.length > 0) {
      assert.equal(view.getUint32(at + padded, true), crc32c(octets, at, padded));
      at += 4;
    }
    assert.equal(octets.length, at + padded);
  }));
});

Deno.test("PduWriter.dataRoom is the most data whose PDU still fits", () => {
  const anything = fc.record({
    headerDigest: fc.boolean(),
    dataDigest: fc.boolean(),
    room: fc.integer({ min: 56, max: 2000 }),
  });
  fc.assert(fc.property(anything, ({ headerDigest, dataDigest, room }) => {
    const { writer } = dirtyWriter();
    writer.headerDigest = headerDigest;
    writer.dataDigest = dataDigest;
    const most = writer.dataRoom(room);
    assert.ok(writer.lengthOf(most) <= room);
    assert.ok(writer.lengthOf(most + 1) > room);
  }));
});

Deno.test("PduWriter refuses what the outbox cannot hold and leaves it as it was", () => {
  const { outbox, writer } = dirtyWriter(128);
  writer.reserve(40);
  assert.throws(() => writer.reserve(0), RangeError);
  assert.equal(outbox.length, 88);
});

Deno.test("PduWriter.rewind takes the last PDU back", () => {
  const { outbox, writer } = dirtyWriter();
  writer.reserve(3);
  const base = writer.reserve(100);
  writer.rewind(base);
  assert.equal(outbox.length, 52);
});
