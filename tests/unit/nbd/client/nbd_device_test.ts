import assert from "node:assert/strict";
import fc from "fast-check";
import type { BlockDevice } from "../../../../lib/block/device.ts";
import { FaultyDevice } from "../../../../lib/block/faulty.ts";
import { MemoryDevice } from "../../../../lib/block/memory.ts";
import { GatedDevice } from "../../../support/gated_device.ts";
import { TestNbdLink } from "../../../support/test_nbd_link.ts";
import { VolatileDevice } from "../../../support/volatile_device.ts";
import { DeviceModel, pattern, steps } from "../../block/device_model.ts";

const SIZE = 256 << 10;

function kind(kind: string): { readonly name: string; readonly kind: string } {
  return { name: "DeviceError", kind };
}

async function read(device: BlockDevice, offset: number, length: number): Promise<Uint8Array> {
  const into = new Uint8Array(length);
  await device.read(offset, into, 0, length);
  return into;
}

function write(device: BlockDevice, offset: number, octets: Uint8Array): Promise<void> {
  return device.write(offset, octets, 0, octets.length);
}

for (const minimumBlockLength of [1, 512, 4096]) {
  for (const neverNow of [false, true]) {
    const how = `blocks of ${minimumBlockLength}${neverNow ? " on a slow medium" : ""}`;
    Deno.test(`NbdDevice equals plain octets: ${how}`, async () => {
      await fc.assert(
        fc.asyncProperty(steps(SIZE, 1, 90_000), async (asked) => {
          const medium = new FaultyDevice(new MemoryDevice(SIZE));
          medium.neverNow = neverNow;
          const link = new TestNbdLink({ device: medium, export: { minimumBlockLength } });
          const model = new DeviceModel(await link.open({ requestLength: 65_536 }));
          for (const step of asked) await model.apply(step);
          await model.checkAll();
          await link.close(model.device);
        }),
        { numRuns: 20 },
      );
    });
  }
}

Deno.test("several connections are used where the server takes several, and none is left behind", async () => {
  const gate = new GatedDevice(new MemoryDevice(1 << 20));
  const link = new TestNbdLink({ device: gate });
  const device = await link.open({ connections: 3 });
  assert.equal(link.connections, 3);
  gate.hold("read");
  const reads = Array.from({ length: 9 }, (_, i) => read(device, i * 512, 512));
  await gate.waiting(9);
  gate.releaseAll();
  await Promise.all(reads);
  await link.close(device);
  assert.equal(link.connections, 0);
});

Deno.test("a device says what the export can do, and what the caller wants of it", async () => {
  const link = new TestNbdLink({ export: { readOnly: true } });
  const device = await link.open();
  assert.deepEqual(device.can, { write: false, unmap: false });
  await assert.rejects(write(device, 0, pattern(1, 1)), kind("read-only"));
  await assert.rejects(device.unmap(0, 512), kind("read-only"));
  await device.flush();
  await link.close(device);
  const other = new TestNbdLink();
  const shy = await other.open({}, { readOnly: true });
  assert.deepEqual(shy.can, { write: false, unmap: true });
  await assert.rejects(write(shy, 0, pattern(1, 1)), kind("read-only"));
  await other.close(shy);
  await assert.rejects(read(shy, 0, 1), kind("gone"));
});

Deno.test("B-48: what the server could not do is told as what it is", async () => {
  const medium = new FaultyDevice(new MemoryDevice(4 << 20));
  const link = new TestNbdLink({ device: medium });
  const device = await link.open();
  const octets = pattern(3 << 20, 1);
  const cases = [["no-space", "no-space"], ["medium", "medium"], [
    "read-only",
    "read-only",
  ]] as const;
  for (const [fault, told] of cases) {
    for (const nth of [1, 2, 3]) {
      medium.inject({ operation: "write", kind: fault, nth });
      await assert.rejects(write(device, 0, octets), kind(told));
    }
  }
  await write(device, 0, octets);
  for (const nth of [1, 2, 3]) {
    medium.inject({ operation: "read", kind: "medium", nth });
    await assert.rejects(read(device, 0, 3 << 20), kind("medium"));
  }
  medium.inject({ operation: "extents", kind: "medium" });
  await assert.rejects(device.extents(0, 4096, 1), kind("medium"));
  assert.deepEqual(await read(device, 0, 3 << 20), octets);
  await link.close(device);
});

Deno.test("B-48: once a flush has failed nothing more is written, and every flush fails", async () => {
  const medium = new FaultyDevice(new MemoryDevice(1 << 20));
  const link = new TestNbdLink({ device: medium });
  const device = await link.open();
  await write(device, 0, pattern(512, 1));
  medium.inject({ operation: "flush", kind: "medium" });
  await assert.rejects(device.flush(), kind("fenced"));
  await assert.rejects(device.flush(), kind("fenced"));
  await assert.rejects(write(device, 0, pattern(512, 2)), kind("fenced"));
  await assert.rejects(device.unmap(0, 512), kind("fenced"));
  assert.deepEqual(await read(device, 0, 512), pattern(512, 1));
  await assert.rejects(device.close(), kind("fenced"));
});

Deno.test("a lost connection is made anew, and what was asked is answered all the same", async () => {
  const gate = new GatedDevice(new MemoryDevice(1 << 20));
  const link = new TestNbdLink({ device: gate });
  const device = await link.open({ connections: 2 });
  await write(device, 0, pattern(8192, 1));
  gate.hold("read");
  const early = read(device, 0, 8192);
  await gate.waiting(1);
  link.isDown = true;
  link.cut();
  await link.settle();
  assert.match(device.trouble!, /nobody is there/);
  const late = write(device, 4096, pattern(4096, 2));
  await link.pass(3000);
  gate.releaseAll();
  link.isDown = false;
  await link.pass(10_000);
  assert.deepEqual(await early, pattern(8192, 1));
  await late;
  assert.equal(device.trouble, undefined);
  assert.deepEqual(await read(device, 4096, 4096), pattern(4096, 2));
  await link.close(device);
});

Deno.test("A143: what waits for a server that stays away fails in time, and it is welcome later", async () => {
  const link = new TestNbdLink();
  const device = await link.open({ patienceMs: 5000 });
  link.isDown = true;
  link.cut();
  await link.settle();
  const waiting = [read(device, 0, 512), write(device, 0, pattern(512, 1)), device.flush()];
  const ends = Promise.allSettled(waiting);
  await link.pass(6000);
  for (const end of await ends) {
    assert.equal(end.status, "rejected");
    assert.equal((end as PromiseRejectedResult).reason.kind, "gone");
  }
  await assert.rejects(read(device, 0, 512), kind("gone")); // at once
  const dials = link.dials;
  await link.pass(60_000);
  assert.ok(link.dials - dials < 30, `${link.dials - dials} tries in a minute`);
  link.isDown = false;
  await link.pass(10_000);
  await write(device, 0, pattern(512, 3));
  assert.deepEqual(await read(device, 0, 512), pattern(512, 3));
  await link.close(device);
});

Deno.test("A141: a flush after the server has lost its memory keeps what was written before", async () => {
  const medium = new VolatileDevice(1 << 20);
  const link = new TestNbdLink({ device: medium });
  const device = await link.open();
  await write(device, 0, pattern(4096, 1));
  await device.flush();
  await write(device, 0, pattern(512, 2));
  await write(device, 8192, pattern(70_000, 3));
  await device.unmap(10_000, 5000);
  await write(device, 12_000, pattern(100, 4));
  medium.losePower();
  link.cut();
  await device.flush();
  const wanted = new Uint8Array(1 << 20);
  wanted.set(pattern(4096, 1));
  wanted.set(pattern(512, 2));
  wanted.set(pattern(70_000, 3), 8192);
  wanted.fill(0, 10_000, 15_000);
  wanted.set(pattern(100, 4), 12_000);
  assert.deepEqual(medium.kept, wanted);
  await link.close(device);
});

Deno.test("A141: what is told again and refused fences the disk: no flush claims to have kept it", async () => {
  const inner = new VolatileDevice(1 << 20);
  const medium = new FaultyDevice(inner);
  const link = new TestNbdLink({ device: medium });
  const device = await link.open();
  await write(device, 0, pattern(4096, 1));
  medium.inject({ operation: "write", kind: "no-space" });
  inner.losePower();
  link.cut();
  await assert.rejects(device.flush(), kind("fenced"));
  await assert.rejects(write(device, 0, pattern(1, 1)), kind("fenced"));
  assert.deepEqual(await read(device, 0, 4096), new Uint8Array(4096));
});

Deno.test("what is kept for a forgetful server is bounded: a flush of our own shortens it", async () => {
  const medium = new VolatileDevice(8 << 20);
  const link = new TestNbdLink({ device: medium });
  const device = await link.open({ unflushedOctets: 1 << 20 });
  for (let i = 0; i < 64; i++) await write(device, i << 17, pattern(1 << 17, i));
  assert.ok(medium.flushes >= 8 && medium.flushes <= 20, `${medium.flushes} flushes`);
  // Many at once too, though none of them is ours to count before it is done.
  await Promise.all(
    Array.from({ length: 64 }, (_, i) => write(device, i << 17, pattern(1 << 17, i))),
  );
  await device.flush();
  assert.deepEqual(medium.kept.subarray(63 << 17), pattern(1 << 17, 63));
  await link.close(device);
});

Deno.test("writes that overlap keep their order, those that do not pass each other", async () => {
  const gate = new GatedDevice(new MemoryDevice(1 << 20));
  const link = new TestNbdLink({ device: gate });
  const device = await link.open();
  gate.hold("write");
  const first = write(device, 0, pattern(4096, 1));
  const second = write(device, 2048, pattern(4096, 2));
  await gate.waiting(1);
  await link.settle();
  gate.releaseAll();
  await Promise.all([first, second]);
  const octets = await read(device, 0, 6144);
  assert.deepEqual(octets.subarray(0, 2048), pattern(4096, 1).subarray(0, 2048));
  assert.deepEqual(octets.subarray(2048), pattern(4096, 2));
  await link.close(device);
});

Deno.test("a silent server is left alone while it takes connections, and left for good when it does not", async () => {
  const gate = new GatedDevice(new MemoryDevice(1 << 20));
  const link = new TestNbdLink({ device: gate });
  const device = await link.open({ connections: 1, silenceMs: 5000 });
  gate.hold("write");
  const slow = write(device, 0, pattern(4096, 1));
  await gate.waiting(1);
  await link.pass(60_000);
  assert.deepEqual(link.log, []);
  assert.ok(link.dials > 3, "it was looked after");
  gate.releaseAll();
  await slow;
  gate.hold("write");
  const stuck = write(device, 0, pattern(4096, 2));
  await gate.waiting(1);
  link.isDown = true;
  await link.pass(30_000);
  assert.match(link.log[0]!, /lost the connection.*answers no more/);
  link.isDown = false;
  gate.releaseAll();
  await link.pass(10_000);
  await stuck;
  assert.deepEqual(await read(device, 0, 4096), pattern(4096, 2));
  await link.close(device);
});

Deno.test("an export that has become smaller is another: it is not written to", async () => {
  let size = 1 << 20;
  const inner = new MemoryDevice(1 << 20);
  const medium = new Proxy(inner, {
    get(target, key) {
      if (key === "size") return size;
      const value = Reflect.get(target, key);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
  const link = new TestNbdLink({ device: medium });
  const device = await link.open({ patienceMs: 2000 });
  size = 1 << 19;
  link.cut();
  await link.settle();
  const lost = assert.rejects(write(device, 0, pattern(512, 1)), kind("gone"));
  await link.pass(5000);
  await lost;
  assert.match(device.trouble!, /shrunk from 1048576 to 524288/);
  assert.equal(inner.allocated, 0);
  size = 1 << 20;
  await link.pass(10_000);
  await write(device, 0, pattern(512, 1));
  await link.close(device);
});

Deno.test("closing flushes, and says so where it cannot", async () => {
  const medium = new VolatileDevice(1 << 20);
  const link = new TestNbdLink({ device: medium });
  const device = await link.open();
  await write(device, 0, pattern(4096, 1));
  await link.close(device);
  assert.deepEqual(medium.kept.subarray(0, 4096), pattern(4096, 1));
  const other = await link.open();
  await write(other, 0, pattern(4096, 2));
  link.isDown = true;
  link.cut();
  await link.settle();
  await assert.rejects(other.close(), kind("gone"));
});
