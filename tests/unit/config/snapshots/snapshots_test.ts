import assert from "node:assert/strict";
import { ControlError } from "../../../../lib/config/control.ts";
import { openVhd } from "../../../../lib/vhd/open.ts";
import { SIZE, type SnapshotWorld, withSnapshots } from "./snapshot_fixture.ts";

const BLOCK = 2 << 20;

for (const type of ["fixed", "dynamic"] as const) {
  Deno.test(`snapshots of a ${type} disk keep what was there, and it goes on`, () =>
    withSnapshots(async (world) => {
      await world.disk("d", type);
      await world.write("d", 0, 1);
      await world.write("d", BLOCK, 1);
      await world.control.snapshots.create({ disks: ["d"], name: "one" });
      await world.write("d", 0, 2);
      await world.reads("d", 0, 2);
      await world.reads("d", BLOCK, 1);
      await world.control.snapshots.create({ disks: ["d"], name: "two" });
      await world.write("d", BLOCK, 3);
      await world.restart();
      await world.reads("d", 0, 2);
      await world.reads("d", BLOCK, 3);
      await holds(world, "one", [[0, 1], [BLOCK, 1]]);
      await holds(world, "two", [[0, 2], [BLOCK, 1]]);
    }));

  Deno.test(`deleting snapshots of a ${type} disk merges them, and nothing else changes`, () =>
    withSnapshots(async (world) => {
      await world.disk("d", type);
      for (const [index, name] of ["one", "two", "three"].entries()) {
        await world.write("d", index * 4096, index + 1);
        await world.write("d", BLOCK, index + 1);
        await world.control.snapshots.create({ disks: ["d"], name });
      }
      await world.write("d", 3 * 4096, 4);
      await world.control.snapshots.delete("two", { wait: true });
      await holds(world, "one", [[0, 1], [4096, 0], [BLOCK, 1]]);
      await holds(world, "three", [[0, 1], [4096, 2], [2 * 4096, 3], [BLOCK, 3]]);
      await world.control.snapshots.delete("one", { wait: true });
      await holds(world, "three", [[0, 1], [4096, 2], [2 * 4096, 3], [BLOCK, 3]]);
      await world.control.snapshots.delete("three", { wait: true });
      assert.deepEqual(await world.control.snapshots.list(), []);
      await world.restart();
      for (const index of [0, 1, 2, 3]) await world.reads("d", index * 4096, index + 1);
      await world.reads("d", BLOCK, 3);
      assert.deepEqual(await vhdFiles(world), [(await world.control.showDisk("d")).path]);
    }));
}

Deno.test("rolling a disk back shows what was, and keeps what is as another snapshot", () =>
  withSnapshots(async (world) => {
    await world.disk("d");
    await world.write("d", 0, 1);
    await world.control.snapshots.create({ disks: ["d"], name: "one" });
    await world.write("d", 0, 2);
    await world.control.snapshots.rollBack("one");
    await world.reads("d", 0, 1);
    await world.write("d", 0, 3);
    const [one, kept] = await world.control.snapshots.list("d");
    assert.equal(one!.name, "one");
    await holds(world, kept!.name, [[0, 2]]);
    await holds(world, "one", [[0, 1]]);
    // Two began from it.
    await assert.rejects(world.control.snapshots.delete("one"), isKind("in-use"));
    await world.control.snapshots.delete(kept!.name, { wait: true });
    await world.control.snapshots.delete("one", { wait: true });
    await world.reads("d", 0, 3);
    assert.equal((await vhdFiles(world)).length, 1);
  }));

Deno.test("rolling a disk back with its present discarded leaves no file of it", () =>
  withSnapshots(async (world) => {
    await world.disk("d");
    await world.write("d", 0, 1);
    await world.control.snapshots.create({ disks: ["d"], name: "one" });
    await world.write("d", 0, 2);
    await world.control.snapshots.rollBack("one", { discard: true });
    await world.reads("d", 0, 1);
    await world.control.snapshots.delete("one", { wait: true });
    await world.reads("d", 0, 1);
    assert.equal((await vhdFiles(world)).length, 1);
  }));

Deno.test("a group of snapshots is of one moment, while all its disks are written to", () =>
  withSnapshots(async (world) => {
    for (const name of ["a", "b"]) await world.disk(name);
    let goesOn = true;
    let count = 0;
    // A number is written to a, and only then to b: at no moment has b a later one.
    const writing = (async () => {
      while (goesOn) {
        count++;
        for (const name of ["a", "b"]) await world.write(name, 0, count % 251, 512);
      }
    })();
    for (const name of ["one", "two", "three"]) {
      await world.control.snapshots.create({ disks: ["a", "b"], group: true, name });
      const [a, b] = await Promise.all(["a", "b"].map((disk) => first(world, `${disk}-${name}`)));
      assert.ok(a === b || a === (b! + 1) % 251, `a has ${a}, b has ${b}`);
    }
    goesOn = false;
    await writing;
    assert.ok(count > 3);
  }));

Deno.test("a snapshot exported needs no other file", () =>
  withSnapshots(async (world) => {
    await world.disk("d");
    await world.write("d", 0, 1);
    await world.write("d", BLOCK, 1);
    await world.control.snapshots.create({ disks: ["d"], name: "one" });
    await world.write("d", 0, 2);
    await world.control.snapshots.create({ disks: ["d"], name: "two" });
    const path = world.path("out.vhd");
    await world.control.snapshots.export("two", path);
    const { device, parents } = await openVhd(path, { readOnly: true });
    assert.deepEqual(parents, []);
    await deviceHolds(device, [[0, 2], [BLOCK, 1]]);
    await device.close();
    await assert.rejects(world.control.snapshots.export("two", path), isKind("in-use"));
  }));

Deno.test("a snapshot is attached read-only, or as a clone that is written to", () =>
  withSnapshots(async (world) => {
    await world.disk("d");
    await world.write("d", 0, 1);
    await world.control.snapshots.create({ disks: ["d"], name: "one" });
    await world.write("d", 0, 2);
    for (const name of ["look", "clone"]) await world.control.createTarget({ name });
    await world.control.snapshots.attach("one", { target: "look", name: "look" });
    await world.control.snapshots.attach("one", { target: "clone", name: "c", writable: true });
    await world.reads("look", 0, 1);
    await world.write("clone", 0, 3);
    await world.restart();
    await world.reads("look", 0, 1);
    await world.reads("clone", 0, 3);
    await world.reads("d", 0, 2);
    assert.equal(world.device("look").can.write, false);
    await assert.rejects(world.control.snapshots.delete("one"), isKind("in-use"));
    await world.control.snapshots.detach("one");
    await world.control.snapshots.delete("one", { wait: true });
    await world.reads("d", 0, 2);
    assert.equal((await vhdFiles(world)).length, 1);
  }));

Deno.test("no snapshot is taken of a raw disk, or of one in memory", () =>
  withSnapshots(async (world) => {
    await world.control.createDisk({ path: world.path("r.img"), size: 1 << 20 });
    await world.control.createDisk({ memory: "m", size: 1 << 20 });
    for (const disk of ["r", "m"]) {
      await assert.rejects(world.control.snapshots.create({ disks: [disk] }), isKind("failed"));
    }
    await assert.rejects(world.control.snapshots.create({ disks: ["x"] }), isKind("not-found"));
  }));

Deno.test("snapshots that take what they may are refused, and the disk goes on", () =>
  withSnapshots(async (world) => {
    await world.disk("d");
    await world.control.snapshots.create({ disks: ["d"], name: "one" });
    await world.control.snapshots.limit("d", 1 << 20);
    await world.write("d", 0, 1, 2 << 20);
    await world.device("d").flush();
    await assert.rejects(
      world.control.snapshots.create({ disks: ["d"] }),
      /the snapshots of disk d take \d+ octets of the 1M that they may/,
    );
    await world.write("d", BLOCK, 2);
    await world.reads("d", BLOCK, 2);
    for (const none of [0, -1, 0.5]) {
      await assert.rejects(world.control.snapshots.limit("d", none), isKind("usage"));
    }
    await world.control.snapshots.limit("d", null);
    await world.control.snapshots.create({ disks: ["d"] });
  }));

async function holds(
  world: SnapshotWorld,
  name: string,
  values: readonly (readonly [offset: number, value: number])[],
): Promise<void> {
  const { path } = await world.control.snapshots.show(name);
  const { device } = await openVhd(path, { readOnly: true });
  await deviceHolds(device, values);
  await device.close();
}

async function deviceHolds(
  device: { read(offset: number, into: Uint8Array, at: number, length: number): Promise<void> },
  values: readonly (readonly [offset: number, value: number])[],
): Promise<void> {
  for (const [offset, value] of values) {
    const octets = new Uint8Array(4096);
    await device.read(offset, octets, 0, octets.length);
    assert.deepEqual(octets, new Uint8Array(4096).fill(value), `at ${offset}`);
  }
}

async function first(world: SnapshotWorld, name: string): Promise<number> {
  const { path } = await world.control.snapshots.show(name);
  const { device } = await openVhd(path, { readOnly: true });
  const octets = new Uint8Array(512);
  await device.read(0, octets, 0, 512);
  await device.close();
  return octets[0]!;
}

async function vhdFiles(world: SnapshotWorld): Promise<string[]> {
  const names = await Array.fromAsync(Deno.readDir(world.directory), ({ name }) => name);
  return names.filter((name) => name.endsWith(".vhd")).sort().map((name) => world.path(name));
}

function isKind(kind: string) {
  return (error: unknown) => error instanceof ControlError && error.kind === kind;
}

for (const type of ["fixed", "dynamic"] as const) {
  Deno.test(`a ${type} disk with snapshots is extended, and each keeps what it was`, () =>
    withSnapshots(async (world) => {
      await world.disk("d", type);
      const { snapshots } = world.control;
      await world.write("d", 0, 1);
      await snapshots.create({ disks: ["d"], name: "one" });
      await world.control.extendDisk("d", { by: SIZE });
      const end = 2 * SIZE - 4096;
      await world.reads("d", SIZE, 0);
      await world.reads("d", end, 0);
      await world.write("d", end, 2);
      await snapshots.create({ disks: ["d"], name: "two" });
      await world.restart();
      await world.reads("d", 0, 1);
      await world.reads("d", end, 2);
      assert.deepEqual((await snapshots.list("d")).map(({ size }) => size), [SIZE, 2 * SIZE]);

      // What is rolled back stays as large, and has zeros where the snapshot has nothing.
      await world.control.snapshots.rollBack("one");
      assert.equal(world.device("d").size, 2 * SIZE);
      await world.reads("d", end, 0);
      await world.reads("d", 0, 1);
      await world.control.snapshots.rollBack("two", { discard: true });
      await world.reads("d", end, 2);

      for (const [name, size] of [["one", SIZE], ["two", 2 * SIZE]] as const) {
        const path = world.path(`${name}-alone.vhd`);
        await world.control.snapshots.export(name, path);
        const { device } = await openVhd(path, { readOnly: true });
        assert.equal(device.size, size);
        await device.close();
      }
      for (const { name } of await world.control.snapshots.list("d")) {
        if (!["one", "two"].includes(name)) {
          await world.control.snapshots.delete(name, { wait: true });
        }
      }
      // The smaller one is merged into, and becomes as large.
      await world.control.snapshots.delete("two", { wait: true });
      await world.control.snapshots.delete("one", { wait: true });
      await world.reads("d", 0, 1);
      await world.reads("d", end, 2);
      await world.restart();
      await world.reads("d", end, 2);
      assert.equal((await world.control.showDisk("d")).size, 2 * SIZE);
    }));
}

Deno.test("a disk that was extended when it was killed has its size in snapshots too", () =>
  withSnapshots(async (world) => {
    await world.disk("d");
    await world.write("d", 0, 1);
    // Larger on its medium, and not declared yet.
    await world.device("d").grow!(2 * SIZE);
    await world.write("d", 2 * SIZE - 4096, 2);
    await world.restart();
    await world.control.snapshots.create({ disks: ["d"], name: "one" });
    await world.reads("d", 2 * SIZE - 4096, 2);
    const [one] = await world.control.snapshots.list("d");
    assert.equal(one!.size, 2 * SIZE);
    await world.device("d").grow!(3 * SIZE);
    await world.restart();
    await world.control.snapshots.rollBack("one");
    assert.equal(world.device("d").size, 3 * SIZE);
    await world.reads("d", 2 * SIZE - 4096, 2);
  }));
