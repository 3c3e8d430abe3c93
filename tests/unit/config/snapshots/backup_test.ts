import assert from "node:assert/strict";
import {
  listBackups,
  restoreBackup,
  verifyKept,
} from "../../../../lib/config/backups/kept_backups.ts";
import { openVhd } from "../../../../lib/vhd/open.ts";
import type { NewBackup } from "../../../../lib/config/control.ts";
import { note } from "../../../support/note.ts";
import { SIZE, type SnapshotWorld, withSnapshots } from "./snapshot_fixture.ts";

Deno.test("a disk in use is backed up as it is at one moment, and restored to any of them", () =>
  withSnapshots(async (world) => {
    await world.disk("d");
    const directory = world.path("backups");
    const ids: string[] = [];
    for (const value of [1, 2, 3]) {
      await world.write("d", 0, value);
      ids.push((await world.control.snapshots.backUp("d", { directory })).facts.id);
    }
    await world.reads("d", 0, 3);
    const backups = await listBackups(directory);
    assert.deepEqual(backups.map(({ id }) => id), ids);
    const [verdict] = await verifyKept(directory, "d", {});
    assert.deepEqual(verdict!.backups.map(({ badChunks }) => badChunks), [0, 0, 0]);
    for (const [index, backup] of ids.entries()) {
      const path = world.path(`restored${index}.vhd`);
      await restoreBackup(directory, path, { backup });
      const { device } = await openVhd(path, { readOnly: true });
      const octets = new Uint8Array(4096);
      await device.read(0, octets, 0, 4096);
      assert.deepEqual(octets, new Uint8Array(4096).fill(index + 1));
      await device.close();
    }
    await world.control.snapshots.create({ disks: ["d"], name: "last" });
    await world.control.snapshots.delete("last", { wait: true });
    const [base, ...others] = await world.control.snapshots.list();
    assert.deepEqual(others, []);
    assert.equal(base!.backup, world.path("backups/d"));
    await assert.rejects(listBackups(world.directory, "x"), /holds no backups of disk x/);
  }));

Deno.test("a backup that is called off leaves no backup and no snapshot", () =>
  withSnapshots(async (world) => {
    await world.disk("d");
    await world.write("d", 0, 1);
    const directory = world.path("backups");
    const signal = AbortSignal.abort();
    await assert.rejects(world.control.snapshots.backUp("d", { directory }, { signal }));
    assert.deepEqual(await listBackups(directory), []);
    await world.control.snapshots.create({ disks: ["d"], name: "last" });
    await world.control.snapshots.delete("last", { wait: true });
    assert.deepEqual(await world.control.snapshots.list(), []);
    await world.reads("d", 0, 1);
  }));

const MIB = 1 << 20;
const LARGE = 32 * MIB;

/** A disk of 32 MiB of data that no two chunks of are alike, with one backup. */
async function backedUp(world: SnapshotWorld): Promise<NewBackup> {
  await world.disk("d", "dynamic", LARGE);
  for (let at = 0; at < LARGE; at += MIB) await world.write("d", at, 1 + at / MIB, MIB);
  const backup = { directory: world.path("backups") };
  const { facts } = await world.control.snapshots.backUp("d", backup);
  assert.equal(facts.read, LARGE);
  return backup;
}

Deno.test({
  name: "a backup after another one reads only what changed since, as the kernel counts it",
  ignore: Deno.build.os !== "linux",
  fn: () =>
    withSnapshots(async (world) => {
      const backup = await backedUp(world);
      // The kernel counts what other tests read meanwhile too: never less than this backup did.
      let least = Infinity;
      for (let value = 200; least >= 4 * MIB && value < 220; value += 2) {
        await world.write("d", 5 * MIB, value);
        await world.write("d", 20 * MIB + 4096, value + 1, 300 << 10);
        const before = octetsReadByProcess();
        const { facts } = await world.control.snapshots.backUp("d", backup);
        least = Math.min(least, octetsReadByProcess() - before);
        note(`backup: ${facts.read} of ${LARGE} octets of the disk read, ${least} by the process`);
        // Three chunks of 256 KiB have changed, and tables and bitmaps are looked through.
        assert.equal(facts.read, 3 * (256 << 10));
        assert.equal(facts.kind, "incremental");
        const changed: [number, number][] = [[5 * MIB, value], [20 * MIB + 4096, value + 1]];
        await restores(world, facts.id, [...changed, [6 * MIB, 7]]);
      }
      assert.ok(least < 4 * MIB, `${least} octets were read`);
    }),
});

Deno.test("snapshots that come and go between two backups hide no change from the second", () =>
  withSnapshots(async (world) => {
    const backup = await backedUp(world);
    const { snapshots } = world.control;
    for (const [at, name] of ["one", "two", "three"].entries()) {
      await world.write("d", (10 + at) * MIB, 200 + at);
      await snapshots.create({ disks: ["d"], name });
    }
    await snapshots.delete("two", { wait: true });
    await world.write("d", 20 * MIB, 210);
    const { facts } = await snapshots.backUp("d", backup);
    assert.equal(facts.read, 4 * (256 << 10));
    await restores(world, facts.id, [
      ...[[10 * MIB, 200], [11 * MIB, 201], [12 * MIB, 202], [20 * MIB, 210]] as const,
      [13 * MIB, 14],
    ]);
  }));

Deno.test("a disk that was rolled back behind its last backup is read as a whole", () =>
  withSnapshots(async (world) => {
    await world.disk("d", "dynamic", LARGE);
    await world.write("d", 0, 1);
    await world.control.snapshots.create({ disks: ["d"], name: "first" });
    await world.write("d", MIB, 2);
    const backup = { directory: world.path("backups") };
    await world.control.snapshots.backUp("d", backup);
    await world.control.snapshots.rollBack("first");
    const { facts } = await world.control.snapshots.backUp("d", backup);
    await restores(world, facts.id, [[0, 1], [MIB, 0]]);
    // To a moment after it: what lies between is known.
    await world.control.snapshots.create({ disks: ["d"], name: "later" });
    await world.write("d", 2 * MIB, 3);
    await world.control.snapshots.rollBack("later");
    const { facts: last } = await world.control.snapshots.backUp("d", backup);
    assert.equal(last.read, 0);
    await restores(world, last.id, [[0, 1], [MIB, 0], [2 * MIB, 0]]);
  }));

Deno.test("a disk that was extended since its last backup is backed up with what it has got", () =>
  withSnapshots(async (world) => {
    const backup = await backedUp(world);
    await world.control.extendDisk("d", { by: 3 * MIB });
    await world.write("d", LARGE + MIB, 99);
    const { facts } = await world.control.snapshots.backUp("d", backup);
    assert.equal(facts.size, LARGE + 3 * MIB);
    assert.ok(facts.read! <= 2 * MIB, `${facts.read} octets were read`);
    await restores(world, facts.id, [[0, 1], [LARGE, 0], [LARGE + MIB, 99]]);
  }));

Deno.test("without the snapshot of before, or where none is to be kept, a disk is read as a whole", () =>
  withSnapshots(async (world) => {
    const backup = await backedUp(world);
    const [base] = await world.control.snapshots.list();
    await world.control.snapshots.delete(base!.name);
    const { facts } = await world.control.snapshots.backUp("d", { ...backup, noBase: true });
    assert.deepEqual([facts.read, facts.stored], [LARGE, 0]);
    const left = await world.control.snapshots.list();
    assert.deepEqual(left.filter(({ state }) => state === "ready"), []);
  }));

Deno.test("pruning keeps what the backups that stay need, and the snapshot of the next one", () =>
  withSnapshots(async (world) => {
    const backup = await backedUp(world);
    for (const value of [200, 201]) {
      await world.write("d", 0, value);
      await world.control.snapshots.backUp("d", { ...backup, keep: { last: 1 } });
    }
    const left = await listBackups(backup.directory);
    assert.equal(left.length, 1);
    await restores(world, left[0]!.id, [[0, 201], [MIB, 2], [31 * MIB, 32]]);
    await world.control.snapshots.prune("d", { keep: { last: 1 } });
    const { facts } = await world.control.snapshots.backUp("d", backup);
    assert.equal(facts.read, 0);
  }));

Deno.test("a backup is restored over a disk, and what that held is kept as a snapshot", () =>
  withSnapshots(async (world) => {
    await world.disk("d", "fixed");
    await world.write("d", 0, 1);
    const directory = world.path("backups");
    const { facts: { id: backup } } = await world.control.snapshots.backUp("d", { directory });
    await world.write("d", 0, 2);
    await world.control.snapshots.backUp("d", { directory });
    await world.control.extendDisk("d", { by: MIB });
    await world.write("d", SIZE, 3);
    const { facts, notices } = await world.control.snapshots.restoreOver("d", {
      directory,
      backup,
    });
    assert.equal(facts.size, SIZE + MIB);
    assert.match(notices[0]!, /is kept as snapshot d-/);
    await world.reads("d", 0, 1);
    await world.reads("d", SIZE, 0);
    await world.write("d", 4096, 4);
    await world.restart();
    await world.reads("d", 0, 1);
    await world.reads("d", 4096, 4);
    // Back to what it was before.
    const before = (await world.control.snapshots.list()).find(({ description }) =>
      description === `before backup ${backup} was restored over it`
    );
    await world.control.snapshots.rollBack(before!.name, { discard: true });
    await world.reads("d", 0, 2);
    await world.reads("d", SIZE, 3);
    // The latest, without saying so; the next backup is right whatever lies between.
    await world.control.snapshots.restoreOver("d", { directory, discard: true });
    await world.reads("d", 0, 2);
    const { facts: last } = await world.control.snapshots.backUp("d", { directory });
    await restores(world, last.id, [[0, 2], [4096, 0], [SIZE, 0]]);
    for (const { name, state } of await world.control.snapshots.list()) {
      if (state === "ready") await world.control.snapshots.delete(name, { wait: true });
    }
    await world.reads("d", 0, 2);
    assert.equal((await vhdFiles(world)).length, 1);
  }));

Deno.test("no backup is restored over a disk that is in use, too small, or cannot be kept", () =>
  withSnapshots(async (world) => {
    const { control } = world;
    await world.disk("d");
    await world.disk("large", "dynamic", 2 * SIZE);
    const directory = world.path("backups");
    await control.snapshots.backUp("d", { directory });
    await control.snapshots.backUp("large", { directory });
    await control.createDisk({ path: world.path("r.img"), size: MIB });
    const { snapshots } = control;
    const refused = (disk: string, options: object, message: RegExp) =>
      assert.rejects(snapshots.restoreOver(disk, { directory, ...options }), message);
    await refused("d", {}, /holds backups of several disks/);
    await refused("d", { of: "large" }, /has 16M, and disk d only 8M/);
    await refused("d", { of: "d", backup: "20200101T000000Z" }, /holds no backup 20200101T000000Z/);
    await refused("r", { of: "d" }, /raw image/);
    await refused("x", { of: "d" }, /there is no disk "x"/);
    await control.unassignDisk("d");
    await control.attachDisk("d", { way: "url" });
    await refused("d", { of: "d" }, /attached/);
    await control.detachDisk("d");
    assert.deepEqual(
      (await Array.fromAsync(Deno.readDir(world.directory), ({ name }) => name))
        .filter((name) => name.startsWith(".sanctl")),
      [],
    );
  }));

async function vhdFiles(world: SnapshotWorld): Promise<string[]> {
  const names = await Array.fromAsync(Deno.readDir(world.directory), ({ name }) => name);
  return names.filter((name) => name.endsWith(".vhd") && !/^\d/.test(name));
}

function octetsReadByProcess(): number {
  return Number(/^rchar: (\d+)$/m.exec(Deno.readTextFileSync("/proc/self/io"))![1]);
}

async function restores(
  world: SnapshotWorld,
  backup: string,
  values: readonly (readonly [offset: number, value: number])[],
): Promise<void> {
  const path = world.path(`${backup}.vhd`);
  await restoreBackup(world.path("backups"), path, { backup });
  const { device } = await openVhd(path, { readOnly: true });
  for (const [offset, value] of values) {
    const octets = new Uint8Array(4096);
    await device.read(offset, octets, 0, 4096);
    assert.deepEqual(octets, new Uint8Array(4096).fill(value), `at ${offset}`);
  }
  await device.close();
}

Deno.test("a disk that is renamed goes on in the folder of its backups, which its new name finds", () =>
  withSnapshots(async (world) => {
    const backup = await backedUp(world);
    const { directory } = backup;
    await world.control.setDisk("d", { name: "post" });
    await world.write("d", 5 * MIB, 99);
    const { facts } = await world.control.snapshots.backUp("post", backup);
    assert.equal(facts.path, `${directory}/d`);
    assert.equal(facts.kind, "incremental");
    assert.ok(facts.read! <= 4 * MIB, `${facts.read} octets were read`);
    for (const name of ["post", "d", undefined]) {
      assert.equal((await listBackups(directory, name)).length, 2);
      const [verdict, ...others] = await verifyKept(directory, name, {});
      assert.deepEqual([verdict!.disk, verdict!.flaws, others], ["post", [], []]);
    }
    const path = world.path("restored.vhd");
    const { id } = await restoreBackup(directory, path, { disk: "post" });
    assert.equal(id, facts.id);
    await assert.rejects(listBackups(directory, "nosuch"), /holds no backups of disk nosuch/);
  }));

Deno.test("what a killed restore left is removed by the next one, and nothing else", () =>
  withSnapshots(async (world) => {
    await world.disk("d");
    await world.write("d", 0, 1);
    const directory = world.path("backups");
    await world.control.snapshots.backUp("d", { directory });
    const left = ["vhd", "vhd.partial", "vhd.partial.sjl"].map((end) =>
      world.path(`.sanctl-restore-${crypto.randomUUID()}.${end}`)
    );
    const live = world.path(`.sanctl-restore-${crypto.randomUUID()}.vhd`);
    const fresh = world.path(`.sanctl-restore-${crypto.randomUUID()}.vhd.partial`);
    const others = world.path(`.sanctl-${crypto.randomUUID()}.partial`);
    for (const path of [...left, live, fresh, others]) await Deno.writeTextFile(path, "x");
    for (const path of [...left, live, others]) await Deno.utime(path, 1, 1);
    using held = await Deno.open(live);
    assert.ok(held.tryLockSync(false));
    await world.control.snapshots.restoreOver("d", { directory });
    const names = (await Array.fromAsync(Deno.readDir(world.directory))).map(({ name }) => name);
    const kept = names.filter((name) => name.startsWith(".sanctl-"))
      .map((name) => world.path(name));
    assert.deepEqual(kept.sort(), [live, fresh, others].sort());
  }));
