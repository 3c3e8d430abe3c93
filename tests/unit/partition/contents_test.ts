/** What is found on disks, and what would be lost with it. */
import assert from "node:assert/strict";
import { MemoryDevice } from "../../../lib/block/memory.ts";
import { SliceDevice } from "../../../lib/block/slice.ts";
import { withPartitions } from "../../../lib/partition/change_table.ts";
import { contentsOf, lossOf } from "../../../lib/partition/contents.ts";
import { initTable } from "../../../lib/partition/init_table.ts";
import { writeTable } from "../../../lib/partition/write_table.ts";
import { systemRandom as random } from "../../../lib/runtime/random.ts";
import { UNFINISHED_MAGIC } from "../../../lib/file_system/signatures.ts";

const MIB = 1 << 20;

async function put(device: SliceDevice | MemoryDevice, at: number, text: string): Promise<void> {
  const octets = new TextEncoder().encode(text);
  await device.write(at, octets, 0, octets.length);
}

const SAMPLES: readonly [at: number, text: string, name: string][] = [
  [0, "XFSB", "XFS"],
  [3, "NTFS    ", "NTFS"],
  [3, "EXFAT   ", "exFAT"],
  [54, "FAT16   ", "FAT"],
  [82, "FAT32   ", "FAT"],
  [536, "LVM2 001", "LVM"],
  [4086, "SWAPSPACE2", "swap"],
  [65_600, "_BHRfS_M", "btrfs"],
];

Deno.test("contentsOf() knows file systems by their signatures, on a disk and in a partition", async () => {
  for (const [at, text, name] of SAMPLES) {
    const whole = new MemoryDevice(8 * MIB);
    await put(whole, at, text);
    assert.equal((await contentsOf(whole)).fileSystem, name);
    assert.match(lossOf(await contentsOf(whole))!, new RegExp(name));
    const disk = new MemoryDevice(8 * MIB);
    const table = await initTable(disk, { scheme: "gpt", blockLength: 512, random });
    await writeTable(disk, withPartitions(table, [{ size: "rest" }], random));
    await put(new SliceDevice(disk, MIB, 6 * MIB), at, text);
    const { fileSystem, inPartitions } = await contentsOf(disk);
    assert.deepEqual([fileSystem, inPartitions.get(1)], [undefined, name]);
    assert.equal(lossOf(await contentsOf(disk)), `a GPT with 1 partition (${name})`);
  }
});

Deno.test("nothing is lost with a blank disk, or with what was not finished; something with data", async () => {
  const blank = new MemoryDevice(8 * MIB);
  assert.equal(lossOf(await contentsOf(blank)), undefined);
  await put(blank, 0, UNFINISHED_MAGIC);
  assert.equal(lossOf(await contentsOf(blank)), undefined);
  const data = new MemoryDevice(8 * MIB);
  await put(data, 8 * MIB - 1, "x");
  assert.equal(lossOf(await contentsOf(data)), "data of a kind that is not known");
});

Deno.test("contentsOf() copes with disks of any size", async () => {
  for (const size of [512, 1024, 4096, 33 * 512, MIB + 512]) {
    const contents = await contentsOf(new MemoryDevice(size));
    assert.deepEqual([contents.table, contents.isBlank], [undefined, true]);
  }
});
