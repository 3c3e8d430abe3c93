import assert from "node:assert/strict";
import fc from "fast-check";
import { UnflushedWrites } from "../../../lib/initiator/unflushed_writes.ts";
import { crc32c } from "../../../lib/wire/crc32c.ts";

const SIZE = 64 << 10;
const BLOCK = 512;

const range = fc.tuple(fc.nat(SIZE / BLOCK - 1), fc.integer({ min: 1, max: 40 }))
  .map(([first, count]) => ({
    offset: first * BLOCK,
    length: Math.min(count * BLOCK, SIZE - first * BLOCK),
  }));
type Step =
  | { kind: "write"; range: { offset: number; length: number }; value: number }
  | { kind: "zeros"; range: { offset: number; length: number } }
  | { kind: "fail"; range: { offset: number; length: number } }
  | { kind: "begin" }
  | { kind: "end" };
const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({
    kind: fc.constant("write" as const),
    range,
    value: fc.integer({ min: 1, max: 255 }),
  }),
  fc.record({ kind: fc.constant("zeros" as const), range }),
  fc.record({ kind: fc.constant("fail" as const), range }),
  fc.record({ kind: fc.constant("begin" as const) }),
  fc.record({ kind: fc.constant("end" as const) }),
);

Deno.test("UnflushedWrites: every sum is of what was written last, and all that is owed is there", () => {
  fc.assert(fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
    const writes = new UnflushedWrites(BLOCK);
    const disk = new Uint8Array(SIZE);
    // Of each block: owed since the last flush began, or since the one before.
    const owed = new Map<number, "new" | "flushing">();
    for (const each of steps) {
      if (each.kind === "begin") {
        writes.beginFlush();
        for (const block of owed.keys()) owed.set(block, "flushing");
      } else if (each.kind === "end") {
        writes.endFlush();
        for (const [block, when] of owed) if (when === "flushing") owed.delete(block);
      } else {
        const { offset, length } = each.range;
        if (each.kind === "fail") writes.fail(each.range);
        else if (each.kind === "zeros") {
          disk.fill(0, offset, offset + length);
          writes.addZeros(offset, length);
        } else {
          disk.fill(each.value, offset, offset + length);
          writes.add(offset, disk.slice(offset, offset + length));
        }
        for (let at = offset; at < offset + length; at += BLOCK) {
          if (each.kind === "fail") owed.delete(at / BLOCK);
          else owed.set(at / BLOCK, "new");
        }
      }
    }
    const covered = new Set<number>();
    for (const { offset, length, sum } of writes.owed([])) {
      if (sum !== undefined) assert.equal(sum, crc32c(disk, offset, length));
      for (let at = offset; at < offset + length; at += BLOCK) covered.add(at / BLOCK);
    }
    for (const block of owed.keys()) assert.ok(covered.has(block), `block ${block} is forgotten`);
  }));
});

Deno.test("UnflushedWrites: where what breaks a piece is flushed before, every sum is known", () => {
  const writing = step.filter(({ kind }) => kind !== "fail");
  fc.assert(fc.property(fc.array(writing, { maxLength: 40 }), (steps) => {
    const writes = new UnflushedWrites(BLOCK);
    const disk = new Uint8Array(SIZE);
    const owed = new Set<number>();
    for (const each of steps) {
      if (each.kind === "begin") writes.beginFlush();
      if (each.kind !== "write" && each.kind !== "zeros") continue;
      const { offset, length } = each.range;
      if (writes.breaks(offset, length)) {
        writes.beginFlush();
        writes.endFlush();
        owed.clear();
      }
      const value = each.kind === "write" ? each.value : 0;
      disk.fill(value, offset, offset + length);
      writes.add(offset, disk.slice(offset, offset + length));
      for (let at = offset; at < offset + length; at += BLOCK) owed.add(at / BLOCK);
    }
    const covered = new Set<number>();
    for (const { offset, length, sum } of writes.owed([])) {
      assert.equal(sum, crc32c(disk, offset, length));
      for (let at = offset; at < offset + length; at += BLOCK) covered.add(at / BLOCK);
    }
    assert.deepEqual([...covered].sort(), [...owed].sort());
  }));
});
