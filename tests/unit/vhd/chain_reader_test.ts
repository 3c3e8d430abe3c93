import assert from "node:assert/strict";
import { DeviceError } from "../../../lib/block/device.ts";
import { openVhd } from "../../../lib/vhd/open.ts";
import { withScratch } from "../../support/executable.ts";
import { pattern } from "../block/device_model.ts";
import { entry, wholeDisk } from "./check/damaged_disks.ts";
import { BLOCK, DISK } from "./vhd_fixture.ts";

Deno.test("B-31: ChainReader: blocks that cannot be read fail the read, and nothing besides it", async () => {
  const octets = (await wholeDisk("dynamic")).octets(DISK);
  // The bitmap of block 1 is all that is in the file; while it fails, others are looked at.
  entry(octets, 1, () => octets.length / 512 - 1);
  await withScratch(async (folder) => {
    await Deno.writeFile(`${folder}/disk.vhd`, octets);
    for (const ffi of [false, undefined]) {
      const { device } = await openVhd(`${folder}/disk.vhd`, { readOnly: true, ffi });
      const into = new Uint8Array(8 * BLOCK);
      await assert.rejects(device.read(0, into, 0, into.length), DeviceError);
      await device.read(3 * BLOCK, into, 0, 512);
      assert.deepEqual(into.subarray(0, 512), pattern(BLOCK / 2, 3 + 11).subarray(0, 512));
      await device.close();
    }
  });
});
