import assert from "node:assert/strict";
import fc from "fast-check";
import { printable, PRINTABLE_LENGTH } from "../../../lib/runtime/printable.ts";

Deno.test("printable leaves ordinary text alone, in every script", () => {
  for (const text of ["", "iqn.2026-01.org.example:disk", "Größe 日本語 👍", "back\\slash"]) {
    assert.equal(printable(text), text);
  }
});

Deno.test("B-16: printable escapes what steers a terminal or starts a line", () => {
  assert.equal(printable("a\x1b[2Jb\r\nc\0d\u2028e"), "a\\u{1b}[2Jb\\u{d}\\u{a}c\\u{0}d\\u{2028}e");
  assert.equal(printable("x\u202ey"), "x\\u{202e}y");
  assert.equal(printable("\u009b31m"), "\\u{9b}31m");
});

Deno.test("B-16: printable answers at most 256 characters, whatever comes, and twice is once", () => {
  fc.assert(fc.property(fc.string({ unit: "binary", maxLength: 600 }), (text) => {
    const shown = printable(text);
    assert.ok(shown.length <= PRINTABLE_LENGTH);
    assert.doesNotMatch(shown, /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/u);
    assert.equal(printable(shown), shown);
  }));
  assert.equal(printable("x".repeat(257)), "x".repeat(255) + "…");
  assert.equal(printable("x".repeat(256)), "x".repeat(256));
});
