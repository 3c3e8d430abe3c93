import assert from "node:assert/strict";
import { ControlError, type Progress } from "../../../lib/config/control.ts";
import { localDiskFiles } from "../../../lib/config/local_disk_files.ts";
import { planDisk } from "../../../lib/config/operations/declare_disk.ts";
import type { DeclaredDisk } from "../../../lib/config/schema.ts";

const SIZE = 1 << 20;

async function inDirectory(test: (directory: string) => Promise<void>): Promise<void> {
  const directory = await Deno.realPath(await Deno.makeTempDir());
  try {
    await test(directory);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

function plan(path: string, changes: Partial<DeclaredDisk> = {}): DeclaredDisk {
  return { ...planDisk({ path, size: SIZE }), ...changes };
}

function isRefusal(kind: string, text: RegExp) {
  return (error: unknown): boolean => {
    assert(error instanceof ControlError, String(error));
    assert.equal(error.kind, kind, error.message);
    assert.match(error.message, text);
    return true;
  };
}

Deno.test("localDiskFiles makes a file that it then knows and opens as the same disk", () =>
  inDirectory(async (directory) => {
    for (const name of ["a.vhd", "a.img"]) {
      for (const sparse of [false, true]) {
        const disk = plan(`${directory}/${sparse}-${name}`, { sparse });
        const told: Progress[] = [];
        const onProgress = (progress: Progress) => told.push(progress);
        const uuid = await localDiskFiles.create(disk, { onProgress });
        assert.equal(uuid, disk.format === "vhd" ? disk.uuid : undefined);
        if (!sparse) assert.equal(told.at(-1)!.done, told.at(-1)!.total);
        const found = await localDiskFiles.look(disk.path!);
        const type = disk.format === "vhd" ? { type: "fixed" } : {};
        assert.deepEqual(found, { format: disk.format, size: SIZE, sparse, uuid, ...type });
        const device = await localDiskFiles.open(disk);
        assert.equal(device.size, SIZE);
        await assert.rejects(localDiskFiles.open(disk), isRefusal("in-use", /open elsewhere/));
        await device.close();
        await localDiskFiles.delete(disk.path!);
        await assert.rejects(localDiskFiles.look(disk.path!), isRefusal("not-found", /no such/));
      }
    }
  }));

Deno.test("localDiskFiles refuses to make a file that exists, or where none can be", () =>
  inDirectory(async (directory) => {
    const there = `${directory}/there.vhd`;
    await Deno.writeTextFile(there, "precious");
    await assert.rejects(localDiskFiles.create(plan(there), {}), isRefusal("in-use", /exists/));
    assert.equal(await Deno.readTextFile(there), "precious");
    const nowhere = plan(`${directory}/none/a.vhd`);
    await assert.rejects(localDiskFiles.create(nowhere, {}), isRefusal("not-found", /directory/));
    const huge = plan(`${directory}/huge.img`, { size: 2 ** 52 });
    await assert.rejects(localDiskFiles.create(huge, {}), isRefusal("failed", /missing on/));
    assert.deepEqual([...Deno.readDirSync(directory)].map(({ name }) => name), ["there.vhd"]);
  }));

Deno.test("localDiskFiles leaves nothing behind of a creation that was called off", () =>
  inDirectory(async (directory) => {
    for (const name of ["a.vhd", "a.img"]) {
      const stop = new AbortController();
      const options = { signal: stop.signal, onProgress: () => stop.abort() };
      const creation = localDiskFiles.create(plan(`${directory}/${name}`), options);
      await assert.rejects(creation, { name: "AbortError" });
    }
    assert.deepEqual([...Deno.readDirSync(directory)], []);
  }));

Deno.test("B-38: a file has one path, whatever links lead to it", () =>
  inDirectory(async (directory) => {
    await Deno.mkdir(`${directory}/real`);
    await Deno.symlink(`${directory}/real`, `${directory}/link`);
    await Deno.writeTextFile(`${directory}/real/a.img`, "");
    await Deno.symlink(`${directory}/real/a.img`, `${directory}/b.img`);
    const real = `${directory}/real/a.img`;
    for (const path of [real, `${directory}/link/a.img`, `${directory}/b.img`]) {
      assert.equal(await localDiskFiles.locate(path), real);
    }
    assert.equal(
      await localDiskFiles.locate(`${directory}/link/new.img`),
      `${directory}/real/new.img`,
    );
    assert.equal(await localDiskFiles.locate("/new.img"), "/new.img");
    const nowhere = localDiskFiles.locate(`${directory}/none/new.img`);
    await assert.rejects(nowhere, isRefusal("not-found", /there is no .*\/none/));
  }));

Deno.test("localDiskFiles deletes files and nothing else", () =>
  inDirectory(async (directory) => {
    await Deno.writeTextFile(`${directory}/a.img`, "");
    await Deno.symlink(`${directory}/a.img`, `${directory}/b.img`);
    await Deno.mkdir(`${directory}/c.img`);
    for (const name of ["b.img", "c.img"]) {
      const deletion = localDiskFiles.delete(`${directory}/${name}`);
      await assert.rejects(deletion, isRefusal("failed", /is not a file/));
    }
    await localDiskFiles.delete(`${directory}/a.img`);
    await localDiskFiles.delete(`${directory}/a.img`);
    assert.deepEqual([...Deno.readDirSync(directory)].map(({ name }) => name).sort(), [
      "b.img",
      "c.img",
    ]);
  }));

Deno.test("localDiskFiles says why a file cannot be a disk", () =>
  inDirectory(async (directory) => {
    const cases: [string, string, RegExp][] = [
      ["a.qcow2", "QFI\xfb", /qcow2 image/],
      ["a.vhdx", "vhdxfile", /VHDX image/],
      ["empty.img", "", /empty/],
    ];
    for (const [name, head, expected] of cases) {
      const path = `${directory}/${name}`;
      const octets = new Uint8Array(head === "" ? 0 : 4096);
      octets.set([...head].map((character) => character.charCodeAt(0)));
      await Deno.writeFile(path, octets);
      await assert.rejects(localDiskFiles.look(path), isRefusal("failed", expected));
    }
    await assert.rejects(localDiskFiles.look(directory), isRefusal("failed", /neither a file/));
  }));

Deno.test("localDiskFiles opens a disk in memory empty", async () => {
  const device = await localDiskFiles.open(planDisk({ memory: "m", size: SIZE }));
  const octets = new Uint8Array(512).fill(1);
  await device.read(0, octets, 0, 512);
  assert.deepEqual(octets, new Uint8Array(512));
  await device.close();
});
