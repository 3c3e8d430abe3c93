import assert from "node:assert/strict";
import fc from "fast-check";
import type { DeviceErrorKind } from "../../../lib/block/device.ts";
import { MemoryDevice } from "../../../lib/block/memory.ts";
import { DeviceModel, pattern, readAll, steps, writeAll } from "./device_model.ts";

const PAGE = 64 << 10;

for (const unit of [1, 512]) {
  Deno.test(`MemoryDevice: equals plain octets under random use in units of ${unit}`, async () => {
    const size = 3 * PAGE + 512;
    const property = fc.asyncProperty(steps(size, unit, 2 * PAGE), async (list) => {
      const model = new DeviceModel(new MemoryDevice(size));
      for (const step of list) await model.apply(step);
      await model.checkAll();
    });
    await fc.assert(property, { numRuns: 40 });
  });
}

Deno.test("MemoryDevice: what was never written reads as zeros and takes no memory", async () => {
  const device = new MemoryDevice(2 ** 41);
  const into = new Uint8Array(1024).fill(1);
  await readAll(device, 2 ** 41 - 1024, into);
  assert.ok(into.every((octet) => octet === 0));
  assert.equal(device.allocated, 0);
  const runs = await device.extents(0, 2 ** 41, 8);
  assert.deepEqual(runs, [{ offset: 0, length: 2 ** 41, mapped: false }]);
});

Deno.test("MemoryDevice: an unmap of one block makes exactly that block unmapped", async () => {
  const device = new MemoryDevice(4 * PAGE);
  await writeAll(device, 0, pattern(4 * PAGE, 1));
  await device.unmap(PAGE + 512, 512);
  assert.deepEqual(await device.extents(0, 4 * PAGE, 8), [
    { offset: 0, length: PAGE + 512, mapped: true },
    { offset: PAGE + 512, length: 512, mapped: false },
    { offset: PAGE + 1024, length: 3 * PAGE - 1024, mapped: true },
  ]);
  assert.deepEqual(await device.extents(PAGE + 600, 300, 8), [
    { offset: PAGE + 600, length: 300, mapped: false },
  ]);
});

Deno.test("MemoryDevice: part of a sector unmapped is zeroed, and the sector stays", async () => {
  const device = new MemoryDevice(PAGE);
  await writeAll(device, 0, pattern(512, 3));
  await device.unmap(100, 200);
  const into = new Uint8Array(512);
  await readAll(device, 0, into);
  const expected = pattern(512, 3).fill(0, 100, 300);
  assert.deepEqual(into, expected);
  assert.equal((await device.extents(0, 512, 1))[0]!.mapped, true);
});

Deno.test("MemoryDevice: memory is given back with the last sector of a page", async () => {
  const device = new MemoryDevice(4 * PAGE);
  await writeAll(device, PAGE - 512, pattern(1024, 1));
  assert.equal(device.allocated, 2 * PAGE);
  await device.unmap(PAGE - 512, 512);
  assert.equal(device.allocated, PAGE);
  await device.unmap(PAGE, PAGE);
  assert.equal(device.allocated, 0);
});

Deno.test("A125: a full MemoryDevice fails that write; reads and overwrites go on", async () => {
  const device = new MemoryDevice(8 * PAGE, { limit: 2 * PAGE });
  await writeAll(device, 0, pattern(2 * PAGE, 1));
  assert.throws(() => device.writeNow(2 * PAGE, pattern(512, 2), 0, 512), kind("no-space"));
  assert.ok(device.writeNow(512, pattern(512, 9), 0, 512));
  const into = new Uint8Array(512);
  assert.ok(device.readNow(512, into, 0, 512));
  assert.deepEqual(into, pattern(512, 9));
  await device.unmap(0, PAGE);
  assert.ok(device.writeNow(2 * PAGE, pattern(512, 2), 0, 512));
});

Deno.test("MemoryDevice: a range beyond its end is refused, whatever the call", async () => {
  const device = new MemoryDevice(PAGE);
  const buffer = new Uint8Array(1024);
  for (const [offset, length] of [[PAGE - 511, 512], [-1, 1], [2 ** 53, 1024], [NaN, 1]] as const) {
    assert.throws(() => device.readNow(offset, buffer, 0, length), kind("out-of-range"));
    assert.throws(() => device.writeNow(offset, buffer, 0, length), kind("out-of-range"));
    await assert.rejects(device.read(offset, buffer, 0, length), kind("out-of-range"));
    await assert.rejects(device.write(offset, buffer, 0, length), kind("out-of-range"));
    await assert.rejects(device.unmap(offset, length), kind("out-of-range"));
    await assert.rejects(device.extents(offset, length, 1), kind("out-of-range"));
  }
  assert.throws(() => device.readNow(0, buffer, 513, 512), RangeError);
});

Deno.test("MemoryDevice: after close the medium is gone", async () => {
  const device = new MemoryDevice(PAGE);
  await device.close();
  assert.throws(() => device.readNow(0, new Uint8Array(512), 0, 512), kind("gone"));
  await assert.rejects(device.flush(), kind("gone"));
});

function kind(expected: DeviceErrorKind): { name: string; kind: DeviceErrorKind } {
  return { name: "DeviceError", kind: expected };
}
