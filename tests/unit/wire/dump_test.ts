import assert from "node:assert/strict";
import { dump } from "../../../lib/wire/dump.ts";
import { ascii, bits, bytes, flag, layout, u16, u32, u8 } from "../../../lib/wire/layout.ts";

const Sample = layout(16, {
  length: u16(2),
  kind: bits(0, 0x3f),
  urgent: flag(0, 6),
  code: u8(1),
  body: bytes(8, 4),
  tag: ascii(12, 4),
});

Deno.test("dump shows a line a field in the order of the octets", () => {
  const octets = Uint8Array.fromHex("ffff" + "4307001000000000deadbeef61622020");
  assert.equal(
    dump(Sample, octets, 2),
    `   0  43                                  urgent = true
   0  43                                  kind = 3
   1  07                                  code = 7 (0x7)
   2  0010                                length = 16 (0x10)
   8  deadbeef                            body
  12  61622020                            tag = "ab  "
`,
  );
});

Deno.test("dump shows octets that no field claims where they are not zero", () => {
  const text = dump(
    layout(8, { first: u8(0), last: u32(4) }),
    Uint8Array.fromHex("0000010000000000"),
  );
  assert.match(text, /^ {3}1 {2}000100 +reserved$/m);
  const behind = dump(layout(4, { first: u8(0) }), Uint8Array.fromHex("00000001"));
  assert.match(behind, /^ {3}1 {2}000001 +reserved$/m);
});
