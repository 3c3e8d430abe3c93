/** FileDevice on real files, with the C library and without it. */
import assert from "node:assert/strict";
import fs from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import type { DeviceErrorKind } from "../../../lib/block/device.ts";
import { deviceError } from "../../../lib/block/errno.ts";
import { FileDevice } from "../../../lib/block/file.ts";
import type { FileErrorKind } from "../../../lib/block/file_error.ts";
import { OsFile } from "../../../lib/block/os_file.ts";
import { withScratch } from "../../support/executable.ts";
import { DeviceModel, pattern, readAll, steps, writeAll } from "./device_model.ts";

const SIZE = 256 << 10;

async function withFile(length: number, use: (path: string) => Promise<void>): Promise<void> {
  await withScratch(async (folder) => {
    const path = join(folder, "disk.img");
    await Deno.writeFile(path, new Uint8Array(0));
    await Deno.truncate(path, length);
    await use(path);
  });
}

for (const ffi of [true, false]) {
  const way = ffi ? "with the C library" : "without it";

  for (const sparse of [true, false]) {
    const form = sparse ? "sparse" : "full";
    Deno.test(`FileDevice ${way}, ${form}: equals plain octets under random use`, async () => {
      await withFile(SIZE + 3000, async (path) => {
        const property = fc.asyncProperty(steps(SIZE, 256, SIZE / 2), async (list) => {
          await Deno.writeFile(path, pattern(SIZE + 3000, 5).fill(0, 1000, 1000 + SIZE));
          const options = { offset: 1000, size: SIZE, sparse, ffi };
          const device = await FileDevice.open(path, options);
          const model = new DeviceModel(device);
          for (const step of list) await model.apply(step);
          await model.checkAll();
          await device.close();
          const around = await Deno.readFile(path);
          assert.equal(around.length, SIZE + 3000, "the file keeps its length");
          const expected = pattern(SIZE + 3000, 5);
          expected.set(model.octets, 1000);
          assert.deepEqual(around.subarray(0, 1000), expected.subarray(0, 1000));
          assert.deepEqual(around.subarray(1000 + SIZE), expected.subarray(1000 + SIZE));
        });
        await fc.assert(property, { numRuns: 12 });
      });
    });
  }

  Deno.test(`FileDevice ${way}: 64 reads and writes at once each hit their own place`, async () => {
    await withFile(SIZE, async (path) => {
      const device = await FileDevice.open(path, { ffi });
      const blocks = Array.from({ length: 64 }, (_, index) => index);
      await Promise.all(
        blocks.map((index) => device.write(index * 4096, pattern(4096, index), 0, 4096)),
      );
      const buffers = blocks.map(() => new Uint8Array(4096));
      await Promise.all(blocks.map((index) => device.read(index * 4096, buffers[index]!, 0, 4096)));
      for (const index of blocks) assert.deepEqual(buffers[index], pattern(4096, index));
      const now = new Uint8Array(SIZE);
      await readAll(device, 0, now);
      for (const index of blocks) {
        assert.deepEqual(now.subarray(index * 4096, index * 4096 + 4096), buffers[index]);
      }
      await device.close();
    });
  });

  Deno.test(`FileDevice ${way}: offsets beyond 4 GiB are kept whole`, async () => {
    await withFile(2 ** 33 + 8192, async (path) => {
      const device = await FileDevice.open(path, { ffi, sparse: true });
      await writeAll(device, 2 ** 33 + 512, pattern(1024, 3));
      const into = new Uint8Array(1024);
      await device.read(2 ** 33 + 512, into, 0, 1024);
      assert.deepEqual(into, pattern(1024, 3));
      into.fill(0);
      await readAll(device, 2 ** 33 + 512, into);
      assert.deepEqual(into, pattern(1024, 3));
      await readAll(device, 512, into);
      assert.ok(into.every((octet) => octet === 0));
      await device.close();
    });
  });

  Deno.test(`B-28: FileDevice ${way}: a truncated file fails, and shows no zeros`, async () => {
    await withFile(SIZE, async (path) => {
      const device = await FileDevice.open(path, { ffi, readOnly: true });
      await Deno.truncate(path, SIZE / 2 + 100);
      const into = new Uint8Array(4096);
      for (const offset of [SIZE / 2, SIZE - 4096]) {
        await assert.rejects(readAll(device, offset, into, 0, 4096), kind("medium"));
        await assert.rejects(device.read(offset, into, 0, 4096), kind("medium"));
      }
      await readAll(device, 0, into);
      await device.close();
    });
  });

  Deno.test(`FileDevice ${way}: read-only, it refuses every kind of write`, async () => {
    await withFile(SIZE, async (path) => {
      const device = await FileDevice.open(path, { ffi, readOnly: true, sparse: true });
      assert.deepEqual(device.can, { write: false, unmap: false });
      assert.throws(() => device.writeNow(0, pattern(512, 1), 0, 512), kind("read-only"));
      await assert.rejects(device.write(0, pattern(512, 1), 0, 512), kind("read-only"));
      await assert.rejects(device.unmap(0, 512), kind("read-only"));
      await device.flush();
      await device.close();
    });
  });

  Deno.test(`A112: FileDevice ${way}: refuses what passes its end, however large`, async () => {
    await withFile(SIZE, async (path) => {
      const device = await FileDevice.open(path, { ffi, size: SIZE - 512 });
      const buffer = new Uint8Array(1024);
      const beyond = [[SIZE - 1024, 1024], [SIZE - 512, 512], [-1, 1], [2 ** 63, 512], [NaN, 1]];
      for (const [offset, length] of beyond as [number, number][]) {
        assert.throws(() => device.readNow(offset, buffer, 0, length), kind("out-of-range"));
        assert.throws(() => device.writeNow(offset, buffer, 0, length), kind("out-of-range"));
        await assert.rejects(device.read(offset, buffer, 0, length), kind("out-of-range"));
        await assert.rejects(device.write(offset, buffer, 0, length), kind("out-of-range"));
        await assert.rejects(device.unmap(offset, length), kind("out-of-range"));
        await assert.rejects(device.extents(offset, length, 1), kind("out-of-range"));
      }
      assert.throws(() => device.readNow(0, buffer, 513, 512), RangeError);
      const detached = new Uint8Array(1024);
      structuredClone(detached.buffer, { transfer: [detached.buffer] });
      assert.throws(() => device.readNow(0, detached, 0, 512), RangeError);
      await device.close();
    });
  });
}

Deno.test("FileDevice with the C library: unmap gives space back, extents show it", async () => {
  await withFile(1 << 20, async (path) => {
    await Deno.writeFile(path, pattern(1 << 20, 1));
    const device = await FileDevice.open(path, { sparse: true });
    assert.equal(device.can.unmap, true);
    await device.flush();
    const before = Deno.statSync(path).blocks!;
    await device.unmap(262_144 + 512, 262_144);
    await device.flush();
    assert.ok(Deno.statSync(path).blocks! <= before - 480, "about 512 sectors are given back");
    assert.deepEqual(await device.extents(0, 1 << 20, 9), [
      { offset: 0, length: 262_144 + 4096, mapped: true },
      { offset: 262_144 + 4096, length: 262_144 - 4096, mapped: false },
      { offset: 524_288, length: 524_288, mapped: true },
    ]);
    await device.close();
  });
});

for (const ffi of [true, false]) {
  const how = ffi ? "with" : "without";
  Deno.test(`A120: FileDevice ${how} the C library: parts of a block that are unmapped read as zeros`, async () => {
    await withFile(1 << 16, async (path) => {
      const expected = pattern(1 << 16, 7);
      await Deno.writeFile(path, expected);
      const device = await FileDevice.open(path, { sparse: true, ffi });
      for (const [offset, length] of [[512, 512], [4096 - 512, 1024], [8704, 12_288]] as const) {
        await device.unmap(offset, length);
        expected.fill(0, offset, offset + length);
      }
      const found = new Uint8Array(1 << 16);
      await device.read(0, found, 0, found.length);
      assert.deepEqual(found, expected);
      await device.close();
    });
  });
}

Deno.test("B-39: a second opener is refused by name, until the first has closed", async () => {
  await withFile(SIZE, async (path) => {
    const writer = await FileDevice.open(path);
    for (const readOnly of [false, true]) {
      await assert.rejects(FileDevice.open(path, { readOnly }), (error: Error) => {
        assert.equal((error as { kind?: FileErrorKind }).kind, "in-use");
        assert.ok(error.message.includes(path));
        return true;
      });
    }
    await writer.close();
    const readers = [
      await FileDevice.open(path, { readOnly: true }),
      await FileDevice.open(path, { readOnly: true }),
    ];
    await assert.rejects(FileDevice.open(path), fileKind("in-use"));
    for (const reader of readers) await reader.close();
    await (await FileDevice.open(path)).close();
  });
});

Deno.test("B-39: another process is refused as well", async () => {
  await withFile(SIZE, async (path) => {
    const device = await FileDevice.open(path);
    const module = new URL("../../../lib/block/file.ts", import.meta.url).href;
    const code = `const { FileDevice } = await import(${JSON.stringify(module)});
      await FileDevice.open(Deno.env.get("DISK")).catch((error) => console.log(error.kind));`;
    const { stdout } = await new Deno.Command(Deno.execPath(), {
      args: ["run", "-A", "--quiet", `data:text/javascript,${encodeURIComponent(code)}`],
      env: { DISK: path },
    }).output();
    assert.equal(new TextDecoder().decode(stdout).trim(), "in-use");
    await device.close();
  });
});

Deno.test("FileDevice: what is no disk is refused by kind, and nothing stays open", async () => {
  await withFile(SIZE, async (path) => {
    await assert.rejects(FileDevice.open(path + ".not"), fileKind("not-found"));
    await assert.rejects(FileDevice.open(join(path, "x")), fileKind("not-found"));
    await assert.rejects(FileDevice.open(join(path, "..")), fileKind("unsuitable"));
    await assert.rejects(FileDevice.open("/dev/null"), fileKind("unsuitable"));
    for (const region of [{ size: SIZE + 1 }, { offset: SIZE }, { size: 0 }, { size: NaN }]) {
      await assert.rejects(FileDevice.open(path, region), fileKind("unsuitable"));
    }
    await (await FileDevice.open(path)).close();
  });
});

for (const used of [true, false]) {
  const when = used ? "after" : "before";
  Deno.test(`OsFile: renamed ${when} first use it goes on, its name's next bearer is left`, () =>
    withFile(SIZE, async (path) => {
      await Deno.writeFile(path, pattern(SIZE, 1));
      const file = await OsFile.open(path, { ffi: false });
      if (used) {
        await file.read(0, new Uint8Array(4096), 0, 4096);
        await file.write(4096, pattern(4096, 9), 0, 4096);
      }
      await Deno.rename(path, path + ".old");
      await Deno.writeFile(path, pattern(SIZE, 2));
      const buffers = Array.from({ length: 32 }, () => new Uint8Array(4096));
      await Promise.all(buffers.map((buffer) => file.read(0, buffer, 0, 4096)));
      for (const buffer of buffers) assert.deepEqual(buffer, pattern(4096, 1));
      await Promise.all(buffers.map((_, at) => file.write(at * 4096, pattern(4096, at), 0, 4096)));
      file.close();
      const old = await Deno.readFile(path + ".old");
      for (const at of buffers.keys()) {
        assert.deepEqual(old.subarray(at * 4096, at * 4096 + 4096), pattern(4096, at));
      }
      assert.deepEqual(await Deno.readFile(path), pattern(SIZE, 2));
    }));
}

Deno.test("OsFile: made longer it ends in zeros, made shorter it reads no further", () =>
  withFile(SIZE, async (path) => {
    await Deno.writeFile(path, pattern(SIZE, 1));
    const file = await OsFile.open(path);
    await file.resize(SIZE / 2);
    assert.equal(file.length, SIZE / 2);
    assert.throws(() => file.readSync(SIZE / 2, new Uint8Array(1), 0, 1), kind("medium"));
    await file.resize(2 * SIZE);
    assert.equal(file.length, 2 * SIZE);
    const found = new Uint8Array(2 * SIZE);
    await file.read(0, found, 0, found.length);
    assert.deepEqual(found.subarray(0, SIZE / 2), pattern(SIZE, 1).subarray(0, SIZE / 2));
    assert.ok(found.subarray(SIZE / 2).every((octet) => octet === 0));
    file.close();
    assert.equal((await Deno.stat(path)).size, 2 * SIZE);
  }));

Deno.test("deviceError: tells the system's failures apart, and passes on all else", () => {
  const fd = fs.openSync("/dev/full", "r+");
  try {
    fs.writeSync(fd, new Uint8Array(1), 0, 1, 0);
    assert.fail("/dev/full took an octet");
  } catch (error) {
    assert.equal((deviceError(error, "cannot write") as { kind: string }).kind, "no-space");
  } finally {
    fs.closeSync(fd);
  }
  const coded = (code: string) => Object.assign(new Error("x"), { code });
  for (const [code, expected] of [["EIO", "medium"], ["EROFS", "read-only"], ["ESTALE", "gone"]]) {
    assert.equal((deviceError(coded(code!), "x") as { kind: string }).kind, expected);
  }
  const bug = new TypeError("ours");
  assert.equal(deviceError(bug, "x"), bug);
});

function kind(expected: DeviceErrorKind): { name: string; kind: DeviceErrorKind } {
  return { name: "DeviceError", kind: expected };
}

function fileKind(expected: FileErrorKind): { name: string; kind: FileErrorKind } {
  return { name: "FileError", kind: expected };
}
