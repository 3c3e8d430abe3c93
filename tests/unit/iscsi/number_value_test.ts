import assert from "node:assert/strict";
import fc from "fast-check";
import { parseLargeNumber, parseNumber } from "../../../lib/iscsi/number_value.ts";

Deno.test("A36: parseNumber reads decimal and hexadecimal numbers", () => {
  fc.assert(fc.property(fc.nat(0xffffffff), (number) => {
    assert.equal(parseNumber(String(number)), number);
    assert.equal(parseNumber(`0x${number.toString(16)}`), number);
    assert.equal(parseNumber(`0X${number.toString(16).toUpperCase()}`), number);
  }));
});

Deno.test("A36: parseNumber takes nothing else that JavaScript takes for a number", () => {
  const texts = [
    ...["", " ", " 8 ", "8 ", "+8", "-8", "1e3", "12x", "0x", "x1", "0b11", "0o7", "1_000"],
    ...["1.0", ".5", "NaN", "Infinity", "٣", "0x1g", "--1", "8\n", "1n", "0x-1"],
  ];
  for (const text of texts) assert.equal(parseNumber(text), undefined, JSON.stringify(text));
});

Deno.test("A36: parseNumber refuses what a Number does not hold exactly", () => {
  assert.equal(parseNumber("9007199254740991"), Number.MAX_SAFE_INTEGER);
  assert.equal(parseNumber("9007199254740992"), undefined);
});

Deno.test("A36: parseLargeNumber reads 64 bits exactly", () => {
  assert.equal(parseLargeNumber("18446744073709551615"), 0xffffffffffffffffn);
  assert.equal(parseLargeNumber("0xffffffffffffffff"), 0xffffffffffffffffn);
});

Deno.test("A36: parseLargeNumber bounds the digits that it looks at", () => {
  assert.equal(parseLargeNumber("1".repeat(21)), undefined);
  assert.equal(parseLargeNumber("0x" + "1".repeat(17)), undefined);
});
