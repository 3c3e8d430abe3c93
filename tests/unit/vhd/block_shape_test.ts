import assert from "node:assert/strict";
import { BlockShape } from "../../../lib/vhd/block_shape.ts";

const KIB = 1024, MIB = KIB * KIB;

Deno.test("BlockShape: a bit for each sector, in whole sectors, before the data", () => {
  const { bitmapLength, regionLength } = new BlockShape(2 * MIB);
  assert.deepEqual({ bitmapLength, regionLength }, {
    bitmapLength: 512,
    regionLength: 2 * MIB + 512,
  });
  assert.deepEqual(new BlockShape(4 * KIB).bitmapLength, 512);
  assert.deepEqual(new BlockShape(4 * MIB).bitmapLength, 1024);
});

Deno.test("BlockShape: data begins at 64 KiB, of small blocks at less, and always at a page", () => {
  const lengths = [4 * KIB, 64 * KIB, 512 * KIB, 2 * MIB, 256 * MIB];
  assert.deepEqual(
    lengths.map((length) => new BlockShape(length).alignment),
    [4 * KIB, 4 * KIB, 16 * KIB, 64 * KIB, 64 * KIB],
  );
});

Deno.test("BlockShape: a region's bitmap is right before its data, and behind what is there", () => {
  const shape = new BlockShape(2 * MIB);
  assert.deepEqual(shape.dataBehind(0), 64 * KIB);
  assert.deepEqual(shape.dataBehind(64 * KIB - 512), 64 * KIB);
  assert.deepEqual(shape.dataBehind(64 * KIB - 511), 128 * KIB);
});
