import assert from "node:assert/strict";
import { join } from "node:path";
import type { FileError, FileErrorKind } from "../../../lib/block/file_error.ts";
import { createFixedVhd } from "../../../lib/vhd/create.ts";
import { openVhd } from "../../../lib/vhd/open.ts";
import { withScratch } from "../../support/executable.ts";

const SIZE = 3 << 20;

for (const ffi of [true, false]) {
  for (const sparse of [true, false]) {
    const way = `${sparse ? "sparse" : "in full"}, ${ffi ? "with" : "without"} the C library`;
    Deno.test(`createFixedVhd: ${way}: zeros and a footer, under its name alone`, async () => {
      await withScratch(async (directory) => {
        const path = join(directory, "disk.vhd");
        const uuid = Uint8Array.from({ length: 16 }, (_, index) => index + 1);
        const footer = await createFixedVhd(path, { size: SIZE, sparse, uuid, ffi });
        assert.deepEqual([...Deno.readDirSync(directory)].map((entry) => entry.name), ["disk.vhd"]);
        const info = await Deno.stat(path);
        assert.equal(info.size, SIZE + 512);
        assert.equal(info.mode! & 0o777, 0o600);
        const taken = info.blocks! * 512;
        if (sparse) assert.ok(taken < SIZE / 2, `sparse, it takes ${taken} octets`);
        else assert.ok(taken >= SIZE, `in full, it takes ${taken} octets`);
        const octets = await Deno.readFile(path);
        assert.ok(octets.subarray(0, SIZE).every((octet) => octet === 0));
        const opened = await openVhd(path);
        assert.deepEqual(opened.footer, {
          ...footer,
          created: new Date(Math.floor(footer.created.getTime() / 1000) * 1000),
        });
        assert.deepEqual(opened.footer.uniqueId, uuid);
        assert.equal(opened.device.size, SIZE);
        await opened.device.close();
      });
    });
  }
}

Deno.test("createFixedVhd: gives each disk a UUID of its own, version 4", async () => {
  await withScratch(async (directory) => {
    const options = { size: 512, sparse: true };
    const one = (await createFixedVhd(join(directory, "1.vhd"), options)).uniqueId;
    const two = (await createFixedVhd(join(directory, "2.vhd"), options)).uniqueId;
    assert.notDeepEqual(one, two);
    assert.equal(one[6]! >>> 4, 4);
    assert.equal(one[8]! >>> 6, 2);
  });
});

Deno.test("createFixedVhd: refuses sizes that no VHD can have, and says why", async () => {
  await withScratch(async (directory) => {
    const path = join(directory, "disk.vhd");
    const cases: [number, RegExp][] = [
      [0, /without octets/],
      [-512, /without octets/],
      [513, /multiple of 512/],
      [0.5, /no number of octets/],
      [NaN, /no number of octets/],
      [2 ** 63, /2,040 GiB/],
      [2040 * 2 ** 30 + 512, /2,040 GiB/],
    ];
    for (const [size, message] of cases) {
      await assert.rejects(createFixedVhd(path, { size, sparse: true }), message);
    }
    assert.deepEqual([...Deno.readDirSync(directory)], []);
  });
});

Deno.test("createFixedVhd: an existing file stays as it is, even one made meanwhile", async () => {
  await withScratch(async (directory) => {
    const path = join(directory, "disk.vhd");
    await Deno.writeTextFile(path, "precious");
    await assert.rejects(createFixedVhd(path, { size: SIZE }), kind("exists"));
    await Deno.remove(path);
    const progress = () => Deno.writeTextFileSync(path, "precious");
    await assert.rejects(createFixedVhd(path, { size: SIZE, progress }), kind("exists"));
    assert.equal(await Deno.readTextFile(path), "precious");
    await Deno.remove(path);
    await Deno.symlink(join(directory, "nowhere"), path);
    await assert.rejects(createFixedVhd(path, { size: SIZE }), kind("exists"));
    assert.deepEqual([...Deno.readDirSync(directory)].map((entry) => entry.name), ["disk.vhd"]);
  });
});

for (const ffi of [true, false]) {
  const way = ffi ? "with" : "without";
  Deno.test(`createFixedVhd: interrupted ${way} the C library it leaves nothing`, async () => {
    await withScratch(async (directory) => {
      const path = join(directory, "disk.vhd");
      const abort = new AbortController();
      const reason = new Error("enough");
      const told: number[] = [];
      const progress = (done: number, total: number) => {
        assert.equal(total, SIZE + 512);
        told.push(done);
        if (told.length === 1) abort.abort(reason);
      };
      const options = { size: SIZE, signal: abort.signal, progress, ffi };
      await assert.rejects(createFixedVhd(path, options), (error) => error === reason);
      assert.deepEqual(told, [ffi ? SIZE + 512 : 1 << 20]);
      assert.deepEqual([...Deno.readDirSync(directory)], []);
    });
  });
}

Deno.test("createFixedVhd: too little free space is refused, with what is missing", async () => {
  await withScratch(async (directory) => {
    const path = join(directory, "disk.vhd");
    const size = 2040 * 2 ** 30;
    await assert.rejects(createFixedVhd(path, { size }), (error: FileError) => {
      assert.equal(error.kind, "no-space");
      const missing = Number(/and (\d+) of them are missing/.exec(error.message)![1]);
      assert.ok(missing > 0 && missing < size);
      return true;
    });
    assert.deepEqual([...Deno.readDirSync(directory)], []);
  });
});

Deno.test("createFixedVhd: without the directory it says so", async () => {
  await withScratch(async (directory) => {
    const path = join(directory, "not", "disk.vhd");
    await assert.rejects(createFixedVhd(path, { size: 512 }), kind("not-found"));
    const under = join(directory, "file");
    await Deno.writeTextFile(under, "");
    await assert.rejects(createFixedVhd(join(under, "x.vhd"), { size: 512 }), kind("not-found"));
  });
});

function kind(expected: FileErrorKind): { name: string; kind: FileErrorKind } {
  return { name: "FileError", kind: expected };
}
