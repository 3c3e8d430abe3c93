import assert from "node:assert/strict";
import { RESERVED_TAG } from "../../../lib/iscsi/bhs.ts";
import { Tags } from "../../../lib/iscsi/tags.ts";

Deno.test("A55: Tags never gives the reserved tag, also where it wraps", () => {
  const tags = new Tags(0xfffffffc);
  assert.deepEqual(
    [tags.take(), tags.take(), tags.take(), tags.take()],
    [0xfffffffd, 0xfffffffe, 0, 1],
  );
  assert.notEqual(new Tags().take(), RESERVED_TAG);
});

Deno.test("A55: Tags gives each tag once", () => {
  const tags = new Tags(0xffffff00);
  const given = new Set(Array.from({ length: 1000 }, () => tags.take()));
  assert.equal(given.size, 1000);
});
