/** A remote LUN as a disk: what it moves, what it survives, what it refuses. */
import assert from "node:assert/strict";
import { DeviceError } from "../../../lib/block/device.ts";
import { MemoryDevice } from "../../../lib/block/memory.ts";
import { GatedDevice } from "../../support/gated_device.ts";
import { InitiatorWorld } from "../../support/initiator_world.ts";
import { TestTarget } from "../../support/test_target.ts";

function pattern(length: number, seed = 0): Uint8Array {
  return Uint8Array.from({ length }, (_, i) => (i * 7 + (i >>> 9) + seed) & 0xff);
}

Deno.test("RemoteDisk moves octets at any offset and of any length", async () => {
  const world = new InitiatorWorld();
  const disk = await world.openDisk();
  assert.equal(disk.size, 4 << 20);
  const model = new Uint8Array(disk.size);
  for (const [offset, length] of [[0, 512], [1, 1], [511, 2], [5000, 70_000], [1000, 3 << 20]]) {
    const data = pattern(length!, offset);
    model.set(data, offset);
    await disk.write(offset!, data, 0, length!);
  }
  const all = new Uint8Array(disk.size);
  await disk.read(0, all, 0, all.length);
  assert.deepEqual(all, model);
  const part = new Uint8Array(1234);
  await disk.read(777, part, 0, part.length);
  assert.deepEqual(part, model.slice(777, 777 + 1234));
  await disk.flush();
  await disk.close();
  await world.close();
});

Deno.test("RemoteDisk unmaps whole blocks and writes zeros to parts of them", async () => {
  const world = new InitiatorWorld();
  const disk = await world.openDisk();
  assert.deepEqual(disk.can, { write: true, unmap: true });
  const data = pattern(1 << 20).fill(0xff);
  await disk.write(0, data, 0, data.length);
  await disk.unmap(100, 700_000);
  const got = new Uint8Array(1 << 20);
  await disk.read(0, got, 0, got.length);
  data.fill(0, 100, 700_100);
  assert.deepEqual(got, data);
  const [first, second] = await disk.extents(0, 1 << 20, 3);
  assert.equal(first!.mapped, true);
  assert.equal(second!.mapped, false);
  await disk.close();
  await world.close();
});

Deno.test("RemoteDisk refuses what does not lie on it, and writes to what is read-only", async () => {
  const world = new InitiatorWorld({ target: { readOnly: true } });
  const disk = await world.openDisk();
  const octets = new Uint8Array(512);
  await assert.rejects(disk.read(disk.size - 511, octets, 0, 512), kind("out-of-range"));
  await assert.rejects(disk.write(0, octets, 0, 512), kind("read-only"));
  await disk.close();
  await assert.rejects(disk.read(0, octets, 0, 512), kind("gone"));
  await world.close();
});

Deno.test("RemoteDisk carries out again what a lost connection had under way", async () => {
  const device = new GatedDevice(new MemoryDevice(4 << 20));
  const world = new InitiatorWorld({ target: { device } });
  const disk = await world.openDisk();
  const data = pattern(65_536);
  for (let round = 0; round < 5; round++) {
    const writes = Array.from({ length: 8 }, (_, i) => disk.write(i * 65_536, data, 0, 65_536));
    const got = new Uint8Array(65_536);
    const reading = disk.read(0, got, 0, got.length);
    await Promise.resolve();
    world.cut();
    await Promise.all([...writes, reading]);
  }
  const got = new Uint8Array(65_536);
  await disk.read(7 * 65_536, got, 0, got.length);
  assert.deepEqual(got, data);
  assert.equal(world.kept.sessionCount, 6);
  await disk.close();
  await world.close();
});

Deno.test("A138: a LUN that leads to another disk after a reconnect gets nothing", async () => {
  const world = new InitiatorWorld();
  const disk = await world.openDisk();
  const before = world.target;
  const foreign = new MemoryDevice(4 << 20);
  world.target = new TestTarget({
    device: foreign,
    unit: {
      identity: { uuid: new Uint8Array(16).fill(9), vendor: "x", product: "y", revision: "1" },
    },
  });
  const data = pattern(512);
  const write = disk.write(0, data, 0, 512);
  await Promise.resolve();
  world.cut();
  await assert.rejects(write, (error: DeviceError) => {
    assert.equal(error.kind, "gone");
    assert.match(error.message, /it was naa\.\w+ and is now naa\.\w+/);
    return true;
  });
  const got = new Uint8Array(512);
  assert.ok(foreign.readNow(0, got, 0, 512));
  assert.deepEqual(got, new Uint8Array(512));
  assert.equal(world.kept.unit(0).state, "quarantined");
  await before.close();
  await world.close();
});

function kind(wanted: string): (error: DeviceError) => boolean {
  return (error) => error instanceof DeviceError && error.kind === wanted;
}
