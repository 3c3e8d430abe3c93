/** Disks on a file system that is really full: a tmpfs of 16 MiB. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { createFixedVhd } from "../../lib/vhd/create.ts";
import { openVhd } from "../../lib/vhd/open.ts";
import { requires } from "../support/requires.ts";
import { onSmallFileSystem } from "../support/small_file_system.ts";
import { pattern, readAll, writeAll } from "../unit/block/device_model.ts";

const MIB = 1 << 20;

for (const ffi of [true, false]) {
  const way = ffi ? "with" : "without";
  Deno.test({
    name: `A125 B-40: a sparse VHD ${way} the C library outlives a full file system`,
    ...requires("root"),
    fn: () =>
      onSmallFileSystem(async (folder) => {
        const path = join(folder, "disk.vhd");
        await createFixedVhd(path, { size: 64 * MIB, sparse: true });
        const { device } = await openVhd(path, { sparse: true, ffi });
        const octets = pattern(MIB, 1);
        let written = 0;
        await assert.rejects(async () => {
          for (; written < 64; written++) await writeAll(device, written * MIB, octets);
        }, { name: "DeviceError", kind: "no-space" });
        assert.ok(written >= 14 && written <= 16, `full after ${written} MiB`);
        const late = device.write(40 * MIB, octets, 0, MIB);
        await assert.rejects(late, { name: "DeviceError", kind: "no-space" });

        await writeAll(device, 4096, pattern(4096, 2));
        const into = new Uint8Array(4096);
        await readAll(device, 4096, into);
        assert.deepEqual(into, pattern(4096, 2));
        await device.flush();

        if (device.can.unmap) {
          await device.unmap(0, 4 * MIB);
          await writeAll(device, 40 * MIB, octets);
        }
        await device.close();
        await (await openVhd(path)).device.close();
      }),
  });
}

Deno.test({
  name: "B-40: creating a VHD for which space runs out on the way leaves nothing",
  ...requires("root"),
  fn: () =>
    onSmallFileSystem(async (folder) => {
      const path = join(folder, "disk.vhd");
      const other = join(folder, "other");
      // Space that is there when looked at, and gone a moment later.
      let told = 0;
      const progress = () => {
        if (told++ === 0) Deno.writeFileSync(other, new Uint8Array(8 * MIB).fill(1));
      };
      const created = createFixedVhd(path, { size: 15 * MIB, ffi: false, progress });
      await assert.rejects(created, { name: "FileError", kind: "no-space" });
      const names = [...Deno.readDirSync(folder)].map((entry) => entry.name);
      assert.deepEqual(names, ["other"]);
    }),
});
