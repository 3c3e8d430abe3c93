import assert from "node:assert/strict";
import {
  listBackups,
  restoreBackup,
  verifyKept,
} from "../../../../lib/config/backups/kept_backups.ts";
import { openVhd } from "../../../../lib/vhd/open.ts";
import { withSnapshots } from "./snapshot_fixture.ts";

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
    assert.deepEqual(await world.control.snapshots.list(), []);
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
