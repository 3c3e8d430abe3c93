import assert from "node:assert/strict";
import fc from "fast-check";
import {
  AdditionalHeaderSegments,
  AhsType,
} from "../../../lib/iscsi/additional_header_segments.ts";

interface Segment {
  readonly type: number;
  readonly octets: Uint8Array;
}

/** Walks all segments behind `at` octets of something else. */
function walk(octets: Uint8Array, at = 0): { segments: Segment[]; isBroken: boolean } {
  const cursor = new AdditionalHeaderSegments();
  cursor.begin(new DataView(octets.buffer, octets.byteOffset), at, octets.length - at);
  const segments: Segment[] = [];
  while (cursor.next()) {
    const { type, at, length } = cursor;
    segments.push({ type, octets: octets.slice(at, at + length) });
  }
  return { segments, isBroken: cursor.isBroken };
}

function emit(segments: readonly Segment[]): Uint8Array<ArrayBuffer> {
  const octets: number[] = [];
  for (const { type, octets: specific } of segments) {
    octets.push(specific.length >> 8, specific.length & 0xff, type, ...specific);
    while (octets.length % 4 !== 0) octets.push(0);
  }
  return Uint8Array.from(octets);
}

Deno.test("A64: AdditionalHeaderSegments finds an extended CDB behind others", () => {
  const cdb = Uint8Array.from({ length: 17 }, (_, i) => i);
  const octets = emit([
    { type: AhsType.BIDIRECTIONAL_READ_LENGTH, octets: Uint8Array.of(0, 0, 0, 2, 0) },
    { type: 0x3f, octets: new Uint8Array(2) },
    { type: AhsType.EXTENDED_CDB, octets: cdb },
  ]);
  const { segments, isBroken } = walk(octets);
  assert.deepEqual(segments.map(({ type }) => type), [2, 0x3f, 1]);
  assert.deepEqual(segments[2]?.octets, cdb);
  assert.equal(isBroken, false);
});

Deno.test("A64: AdditionalHeaderSegments stops at a segment that is longer than the PDU", () => {
  const { segments, isBroken } = walk(Uint8Array.of(0, 1, 0x3f, 0, 0, 2, 1, 0));
  assert.equal(segments.length, 1);
  assert.equal(isBroken, true);
  assert.equal(walk(Uint8Array.of(0xff, 0xff, 1, 0)).isBroken, true);
});

Deno.test("A64: AdditionalHeaderSegments moves on past an empty segment", () => {
  assert.equal(walk(new Uint8Array(12)).segments.length, 3);
});

Deno.test("A64: AdditionalHeaderSegments reads no bits of the type that are reserved", () => {
  assert.equal(walk(Uint8Array.of(0, 1, 0xc1, 0)).segments[0]?.type, AhsType.EXTENDED_CDB);
});

Deno.test("A64: AdditionalHeaderSegments starts over after a broken walk", () => {
  const cursor = new AdditionalHeaderSegments();
  cursor.begin(new DataView(Uint8Array.of(0, 9, 1, 0).buffer), 0, 4);
  assert.equal(cursor.next(), false);
  cursor.begin(new DataView(Uint8Array.of(0, 1, 1, 0).buffer), 0, 4);
  assert.equal(cursor.isBroken, false);
  assert.equal(cursor.next(), true);
});

Deno.test("A64: AdditionalHeaderSegments ends within its bounds on any octets", () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 64 }), fc.nat(8), (octets, at) => {
    const length = Math.max(0, octets.length - at);
    const cursor = new AdditionalHeaderSegments();
    cursor.begin(new DataView(octets.slice().buffer), at, length);
    for (let steps = 0; cursor.next(); steps++) {
      assert.ok(cursor.at + cursor.length <= octets.length);
      assert.ok(steps <= length / 4);
    }
  }));
});

Deno.test("A148: AdditionalHeaderSegments reads back what was laid out", () => {
  const segment = fc.record({ type: fc.nat(0x3f), octets: fc.uint8Array({ maxLength: 40 }) });
  fc.assert(fc.property(fc.array(segment, { maxLength: 6 }), (segments) => {
    assert.deepEqual(walk(emit(segments)), {
      segments: segments.map(({ type, octets }) => ({ type, octets: octets.slice() })),
      isBroken: false,
    });
  }));
});
