import assert from "node:assert/strict";
import { nearest } from "../../../../lib/config/document/nearest.ts";

const KEYS = ["name", "iqn", "description", "allow", "luns", "readOnly", "logicalBlockLength"];

Deno.test("nearest: a slip of the pen is known by what it is nearest to", () => {
  const slips: Record<string, string> = {
    "alow": "allow",
    "allwo": "allow",
    "Allow": "allow",
    "readonly": "readOnly",
    "desciption": "description",
    "lun": "luns",
    "logical_block_length": "logicalBlockLength",
  };
  for (const [slip, meant] of Object.entries(slips)) assert.equal(nearest(slip, KEYS), meant, slip);
});

Deno.test("nearest: what is nothing like it is nothing", () => {
  for (const word of ["", "x", "owner", "portal", "a".repeat(1 << 20)]) {
    assert.equal(nearest(word, KEYS), undefined, word.slice(0, 20));
  }
});
