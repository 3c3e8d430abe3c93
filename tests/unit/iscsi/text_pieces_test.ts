import assert from "node:assert/strict";
import fc from "fast-check";
import { TextPieces } from "../../../lib/iscsi/text_pieces.ts";
import { emitKeyValues, type Pair } from "../../../lib/wire/key_values.ts";

function* counted(pairs: readonly Pair[], drawn: { count: number }): Generator<Pair> {
  for (const pair of pairs) {
    drawn.count++;
    yield pair;
  }
}

Deno.test("TextPieces put together are the text, each within its limit and never empty", () => {
  const key = fc.stringMatching(/^[A-Z][A-Za-z]{0,20}$/);
  const pairs = fc.array(
    fc.tuple(key, fc.string({ maxLength: 40 }).map((s) => s.replaceAll("\0", ""))),
  );
  fc.assert(fc.property(pairs, fc.integer({ min: 1, max: 100 }), (list, longest) => {
    const pieces = new TextPieces(list);
    const octets: number[] = [];
    while (!pieces.isDone) {
      const piece = pieces.take(longest);
      assert.ok(piece.length > 0 && piece.length <= longest);
      octets.push(...piece);
    }
    assert.deepEqual(Uint8Array.from(octets), emitKeyValues(list));
    assert.equal(pieces.take(longest).length, 0);
  }));
});

Deno.test("TextPieces draws no more than it sends, but for one pair", () => {
  const drawn = { count: 0 };
  const pairs: Pair[] = Array.from({ length: 1000 }, (_, i) => [`K${1000 + i}`, ""]);
  const pieces = new TextPieces(counted(pairs, drawn));
  assert.equal(pieces.take(70).length, 70);
  assert.equal(drawn.count, 11);
});

Deno.test("TextPieces cuts between pairs, and inside one only if it is longer than a piece", () => {
  const pieces = new TextPieces([["A", "123"], ["B", "456"], ["C", "x".repeat(20)]]);
  const text = (longest: number) => new TextDecoder().decode(pieces.take(longest));
  assert.equal(text(11), "A=123\0");
  assert.equal(text(11), "B=456\0");
  assert.equal(text(11), "C=xxxxxxxxx");
  assert.equal(text(100), "xxxxxxxxxxx\0");
  assert.equal(pieces.isDone, true);
});
