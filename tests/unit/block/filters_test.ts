import assert from "node:assert/strict";
import fc from "fast-check";
import type { BlockDevice, DeviceErrorKind } from "../../../lib/block/device.ts";
import { ExchangeableDevice } from "../../../lib/block/exchangeable.ts";
import { FaultyDevice } from "../../../lib/block/faulty.ts";
import { MemoryDevice } from "../../../lib/block/memory.ts";
import { MeteredDevice } from "../../../lib/block/metered.ts";
import { ReadOnlyDevice } from "../../../lib/block/read_only.ts";
import { SliceDevice } from "../../../lib/block/slice.ts";
import { DeviceModel, pattern, readAll, steps, writeAll } from "./device_model.ts";

const SIZE = 128 << 10;

const transparent: Record<string, () => BlockDevice> = {
  SliceDevice: () => new SliceDevice(new MemoryDevice(3 * SIZE), 70_000, SIZE),
  MeteredDevice: () => new MeteredDevice(new MemoryDevice(SIZE)),
  ExchangeableDevice: () => new ExchangeableDevice(new MemoryDevice(SIZE)),
  FaultyDevice: () => new FaultyDevice(new MemoryDevice(SIZE)),
  "FaultyDevice that never does anything at once": () => {
    const device = new FaultyDevice(new MemoryDevice(SIZE));
    device.neverNow = true;
    return device;
  },
};

for (const [name, make] of Object.entries(transparent)) {
  Deno.test(`${name}: equals plain octets under random use`, async () => {
    const property = fc.asyncProperty(steps(SIZE, 100, SIZE / 2), async (list) => {
      const model = new DeviceModel(make());
      for (const step of list) await model.apply(step);
      await model.checkAll();
    });
    await fc.assert(property, { numRuns: 15 });
  });
}

Deno.test("filters: what troubles a device is told through each of them", () => {
  const device: BlockDevice = Object.assign(new MemoryDevice(SIZE), { trouble: "it is away" });
  for (
    const filter of [
      new SliceDevice(device, 0, SIZE),
      new MeteredDevice(device),
      new ExchangeableDevice(device),
      new ReadOnlyDevice(device),
    ]
  ) assert.equal(filter.trouble, "it is away", filter.constructor.name);
});

Deno.test("SliceDevice: touches nothing outside its range", async () => {
  const inner = new MemoryDevice(4096);
  await writeAll(inner, 0, pattern(4096, 1));
  const slice = new SliceDevice(inner, 1024, 1024);
  await writeAll(slice, 0, new Uint8Array(1024));
  const expected = pattern(4096, 1).fill(0, 1024, 2048);
  const into = new Uint8Array(4096);
  await readAll(inner, 0, into);
  assert.deepEqual(into, expected);
  assert.throws(() => slice.readNow(1023, into, 0, 2), kind("out-of-range"));
  assert.throws(() => slice.readNow(-1, into, 0, 1), kind("out-of-range"));
  await assert.rejects(slice.unmap(1000, 25), kind("out-of-range"));
  assert.throws(() => new SliceDevice(inner, 4000, 97), kind("out-of-range"));
});

Deno.test("ReadOnlyDevice: reads go through and every kind of write is refused", async () => {
  const inner = new MemoryDevice(4096);
  await writeAll(inner, 0, pattern(4096, 1));
  const device = new ReadOnlyDevice(inner);
  assert.deepEqual(device.can, { write: false, unmap: true });
  assert.throws(() => device.writeNow(), kind("read-only"));
  await assert.rejects(device.write(), kind("read-only"));
  await assert.rejects(device.unmap(), kind("read-only"));
  await device.flush();
  const into = new Uint8Array(4096);
  await readAll(device, 0, into);
  assert.deepEqual(into, pattern(4096, 1));
  assert.deepEqual(await device.extents(0, 4096, 1), [{ offset: 0, length: 4096, mapped: true }]);
});

Deno.test("MeteredDevice: counts what was done, and failures apart", async () => {
  const device = new MeteredDevice(new MemoryDevice(8192));
  await writeAll(device, 0, pattern(1024, 1));
  await device.write(1024, pattern(512, 1), 0, 512);
  await readAll(device, 0, new Uint8Array(100));
  await device.read(0, new Uint8Array(28), 0, 28);
  await device.flush();
  await device.unmap(0, 512);
  assert.throws(() => device.readNow(8192, new Uint8Array(1), 0, 1), kind("out-of-range"));
  await assert.rejects(device.write(8192, new Uint8Array(1), 0, 1), kind("out-of-range"));
  assert.deepEqual(device.counters, {
    reads: 2,
    readOctets: 128,
    writes: 2,
    writtenOctets: 1536,
    flushes: 1,
    unmaps: 1,
    unmappedOctets: 512,
    errors: 2,
  });
});

Deno.test("FaultyDevice: fails the n-th operation alone, with the kind asked for", async () => {
  const device = new FaultyDevice(new MemoryDevice(4096));
  device.inject({ operation: "read", nth: 2, kind: "medium" });
  device.inject({ operation: "flush", kind: "no-space" });
  const into = new Uint8Array(512);
  assert.ok(device.readNow(0, into, 0, 512));
  assert.throws(() => device.readNow(0, into, 0, 512), kind("medium"));
  assert.ok(device.readNow(0, into, 0, 512));
  await assert.rejects(device.flush(), kind("no-space"));
  await device.flush();
});

Deno.test("FaultyDevice: a delayed operation is not done at once, and waits", async () => {
  const device = new FaultyDevice(new MemoryDevice(4096));
  const gate = Promise.withResolvers<void>();
  device.inject({ operation: "write", until: gate.promise });
  assert.equal(device.writeNow(0, pattern(512, 1), 0, 512), false);
  assert.equal(device.writeNow(0, pattern(512, 1), 0, 512), false, "looking does not count");
  let done = false;
  const write = device.write(0, pattern(512, 1), 0, 512).then(() => done = true);
  assert.ok(device.writeNow(512, pattern(512, 2), 0, 512), "the next one is not held up");
  assert.equal(done, false);
  gate.resolve();
  await write;
  const into = new Uint8Array(512);
  assert.ok(device.readNow(0, into, 0, 512));
  assert.deepEqual(into, pattern(512, 1));
});

Deno.test("FaultyDevice: a torn write has done its first octets", async () => {
  for (const neverNow of [false, true]) {
    const device = new FaultyDevice(new MemoryDevice(4096));
    device.neverNow = neverNow;
    device.inject({ operation: "write", kind: "no-space", torn: 512 });
    await assert.rejects(writeAll(device, 0, pattern(1024, 1)), kind("no-space"));
    const into = new Uint8Array(1024);
    await readAll(device, 0, into);
    const expected = pattern(1024, 1).fill(0, 512);
    assert.deepEqual(into, expected);
  }
});

function kind(expected: DeviceErrorKind): { name: string; kind: DeviceErrorKind } {
  return { name: "DeviceError", kind: expected };
}
