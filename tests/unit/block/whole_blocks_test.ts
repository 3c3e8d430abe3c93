import assert from "node:assert/strict";
import fc from "fast-check";
import { FaultyDevice } from "../../../lib/block/faulty.ts";
import { MemoryDevice } from "../../../lib/block/memory.ts";
import { WholeBlocks } from "../../../lib/block/whole_blocks.ts";
import { DeviceModel, pattern, readAll, steps, writeAll } from "./device_model.ts";

const SIZE = 16 << 10;
const BLOCK = 512;

/** A device that refuses whatever is not whole blocks. */
class Strict extends FaultyDevice {
  #require(offset: number, length: number): void {
    assert.equal(offset % BLOCK, 0, "begins within a block");
    assert.equal(length % BLOCK, 0, "ends within a block");
  }

  override readNow(offset: number, into: Uint8Array, at: number, length: number): boolean {
    this.#require(offset, length);
    return super.readNow(offset, into, at, length);
  }

  override writeNow(offset: number, from: Uint8Array, at: number, length: number): boolean {
    this.#require(offset, length);
    return super.writeNow(offset, from, at, length);
  }

  override read(offset: number, into: Uint8Array, at: number, length: number): Promise<void> {
    this.#require(offset, length);
    return super.read(offset, into, at, length);
  }

  override write(offset: number, from: Uint8Array, at: number, length: number): Promise<void> {
    this.#require(offset, length);
    return super.write(offset, from, at, length);
  }

  override unmap(offset: number, length: number): Promise<void> {
    this.#require(offset, length);
    return super.unmap(offset, length);
  }
}

Deno.test("WholeBlocks: gives octets of a device that has blocks alone", async () => {
  await fc.assert(
    fc.asyncProperty(steps(SIZE, 1, 3000), fc.boolean(), async (asked, neverNow) => {
      const inner = new Strict(new MemoryDevice(SIZE));
      inner.neverNow = neverNow;
      const model = new DeviceModel(new WholeBlocks(inner, BLOCK));
      for (const step of asked) await model.apply(step);
      await model.checkAll();
    }),
  );
});

Deno.test("WholeBlocks: parts of one block that are written at once all get there", async () => {
  const inner = new Strict(new MemoryDevice(SIZE));
  inner.neverNow = true;
  const device = new WholeBlocks(inner, BLOCK);
  const octets = pattern(2048, 1);
  // Each in a hurry, some across two blocks, some with whole ones between.
  const cuts = [0, 100, 300, 511, 700, 1023, 1025, 1700, 2048];
  await Promise.all(
    cuts.slice(1).map((end, index) => {
      const begin = cuts[index]!;
      return device.write(begin, octets, begin, end - begin);
    }),
  );
  const into = new Uint8Array(2048);
  await readAll(device, 0, into);
  assert.deepEqual(into, octets);
});

Deno.test("WholeBlocks: what is no whole block at the end of the device is left out", async () => {
  const device = new WholeBlocks(new MemoryDevice(1300), BLOCK);
  assert.equal(device.size, 1024);
  await writeAll(device, 1000, pattern(24, 1));
  await assert.rejects(device.write(1000, pattern(25, 1), 0, 25), { kind: "out-of-range" });
});
