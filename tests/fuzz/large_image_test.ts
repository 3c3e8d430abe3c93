/** The largest tables and blocks that there may be cost no more memory than they have to. */
import assert from "node:assert/strict";
import { checkImage } from "../../lib/vhd/check/check_image.ts";
import { newDynamicImage } from "../../lib/vhd/new_dynamic_image.ts";
import { openVhd } from "../../lib/vhd/open.ts";
import { MeasuredMemory } from "../support/measured_memory.ts";
import { note } from "../support/note.ts";
import { SparseFiles } from "../support/sparse_files.ts";
import { pattern } from "../unit/block/device_model.ts";

const GIB = 2 ** 30;
const MOST_MEMORY = 64 << 20;
const DISK = "/disks/disk.vhd";
const BOOT_ID = "00000000-0000-4000-8000-00000000000f";

const SHAPES = [
  { name: "the longest table, 4 Mi entries", size: 2040 * GIB, blockLength: 512 << 10 },
  { name: "the largest blocks, of 256 MiB", size: 2040 * GIB, blockLength: 256 << 20 },
] as const;

for (const { name, size, blockLength } of SHAPES) {
  Deno.test(`B-34: ${name}: opened, written to and checked within 64 MiB`, async () => {
    const image = newDynamicImage({ size, blockLength, growTo: size });
    assert.ok(typeof image !== "string", String(image));
    const files = new SparseFiles();
    files.put(DISK, new Uint8Array(0));
    const file = await files.open(DISK);
    for (const { position, octets } of image.pieces) {
      await file.write(position, octets, 0, octets.length);
    }
    file.close();
    const around = { files, bootId: BOOT_ID };
    const memory = new MeasuredMemory();
    const took: number[] = [];
    const measured = async (step: () => Promise<void>) => {
      memory.begin();
      await step();
      took.push(memory.end());
    };
    try {
      await measured(async () => {
        const { device } = await openVhd(DISK, around);
        const octets = pattern(4096, 1);
        for (const offset of [0, size / 2, size - 4096]) {
          await device.write(offset, octets, 0, 4096);
        }
        await device.flush();
        await device.unmap(size / 2, 4096);
        await device.close();
      });
      await measured(async () => {
        const { device } = await openVhd(DISK, { ...around, readOnly: true });
        await device.read(size - 4096, new Uint8Array(4096), 0, 4096);
        await device.close();
      });
      await measured(async () => {
        const { findings } = await checkImage(DISK, around);
        assert.deepEqual(findings, []);
      });
    } finally {
      memory.stop();
    }
    const mebibytes = took.map((octets) => (octets / 2 ** 20).toFixed(1)).join(", ");
    note(`${name}: MiB allocated to write, to read and to check: ${mebibytes}`);
    for (const octets of took) assert.ok(octets <= MOST_MEMORY, `${octets} octets`);
  });
}
