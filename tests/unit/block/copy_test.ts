import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { copyDevice, firstDifference } from "../../../lib/block/copy.ts";
import { FaultyDevice } from "../../../lib/block/faulty.ts";
import { MemoryDevice } from "../../../lib/block/memory.ts";
import { GatedDevice } from "../../support/gated_device.ts";
import { pattern, readAll, writeAll } from "./device_model.ts";

const MIB = 1 << 20;
const SIZE = 9 * MIB + 512;

/** Data here and there, some of it zeros. */
async function someDisk(): Promise<MemoryDevice> {
  const device = new MemoryDevice(SIZE);
  await writeAll(device, 512, pattern(70_000, 1));
  await writeAll(device, 3 * MIB - 5, pattern(2 * MIB, 2));
  await writeAll(device, 7 * MIB, new Uint8Array(MIB));
  await writeAll(device, SIZE - 100, pattern(100, 3));
  return device;
}

async function octetsOf(device: MemoryDevice | FaultyDevice): Promise<Uint8Array> {
  const into = new Uint8Array(SIZE);
  await readAll(device, 0, into);
  return into;
}

Deno.test("copyDevice: makes the destination equal, and writes no more than there is", async () => {
  for (const blank of [true, false]) {
    for (const neverNow of [true, false]) {
      const source = new FaultyDevice(await someDisk());
      source.neverNow = neverNow;
      const destination = new MemoryDevice(SIZE);
      if (!blank) await writeAll(destination, 0, pattern(SIZE, 9));
      const told: number[] = [];
      const progress = (done: number, total: number) => {
        assert.equal(total, SIZE);
        told.push(done);
      };
      const { written } = await copyDevice(source, destination, { blank, progress });
      assert.equal(Buffer.compare(await octetsOf(destination), await octetsOf(source)), 0);
      assert.ok(written < 3 * MIB && destination.allocated < 3 * MIB, `${written}`);
      assert.equal(told.at(-1), SIZE);
      assert.deepEqual(told, told.toSorted((a, b) => a - b));
      assert.equal(await firstDifference(source, destination), undefined);
    }
  }
});

Deno.test("firstDifference: finds one octet, wherever it is", async () => {
  const source = await someDisk();
  for (const at of [0, 511, 3 * MIB, 6 * MIB, 7 * MIB + 9, SIZE - 1]) {
    const copy = new MemoryDevice(SIZE);
    await copyDevice(source, copy, { blank: true });
    const octet = new Uint8Array(1);
    await readAll(copy, at, octet);
    octet[0]! ^= 1;
    await writeAll(copy, at, octet);
    assert.equal(await firstDifference(source, copy), at);
  }
});

Deno.test("copyDevice: fails with what failed, on either side, at every operation", async () => {
  for (const operation of ["read", "extents"] as const) {
    const source = new FaultyDevice(await someDisk());
    source.inject({ operation, kind: "medium" });
    await assert.rejects(copyDevice(source, new MemoryDevice(SIZE)), { kind: "medium" });
  }
  for (const operation of ["write", "unmap", "flush"] as const) {
    const destination = new FaultyDevice(new MemoryDevice(SIZE));
    destination.inject({ operation, kind: "no-space" });
    await assert.rejects(copyDevice(await someDisk(), destination), { kind: "no-space" });
  }
  await assert.rejects(copyDevice(await someDisk(), new MemoryDevice(SIZE - 1)), {
    kind: "out-of-range",
  });
});

Deno.test("copyDevice: when it is called off nothing of it goes on", async () => {
  const gate = new GatedDevice(new MemoryDevice(SIZE));
  gate.hold("write");
  const abort = new AbortController();
  let isOver = false;
  const copying = copyDevice(await someDisk(), gate, { blank: true, signal: abort.signal });
  const failed = assert.rejects(copying, { message: "enough" }).then(() => isOver = true);
  await gate.waiting(2);
  abort.abort(new Error("enough"));
  for (let i = 0; i < 20; i++) await new Promise((turn) => setImmediate(turn));
  assert.equal(isOver, false, "a write is still under way");
  gate.releaseAll();
  await failed;
});
