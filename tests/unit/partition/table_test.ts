/** Partition tables on disks: made, found, changed, and put right. */
import assert from "node:assert/strict";
import { MemoryDevice } from "../../../lib/block/memory.ts";
import { withoutPartitions, withPartitions } from "../../../lib/partition/change_table.ts";
import { initTable } from "../../../lib/partition/init_table.ts";
import { PartitionError, type PartitionTable } from "../../../lib/partition/partition_table.ts";
import type { Scheme } from "../../../lib/partition/partition_type.ts";
import { readTable } from "../../../lib/partition/read_table.ts";
import { writeTable } from "../../../lib/partition/write_table.ts";
import { systemRandom as random } from "../../../lib/runtime/random.ts";
import { gapsOf } from "../../../lib/partition/free_space.ts";

const MIB = 1 << 20;

async function withTable(
  scheme: Scheme,
  blockLength: number,
  size = 64 * MIB,
): Promise<{ device: MemoryDevice; table: PartitionTable }> {
  const device = new MemoryDevice(size);
  return { device, table: await initTable(device, { scheme, blockLength, random }) };
}

for (const scheme of ["mbr", "gpt"] as const) {
  for (const blockLength of [512, 4096]) {
    Deno.test(`a ${scheme} of blocks of ${blockLength} is read as it was written`, async () => {
      const { device, table } = await withTable(scheme, blockLength);
      assert.deepEqual(await readTable(device, { blockLength }), table);
      const name = scheme === "gpt" ? "naïve 名" : "";
      const changed = withPartitions(
        table,
        [{ size: 10 * MIB, name }, { size: 3 * MIB, type: "efi" }, { size: "rest", type: "swap" }],
        random,
      );
      await writeTable(device, changed);
      assert.deepEqual(await readTable(device, { blockLength }), changed);
      if (scheme === "gpt") assert.deepEqual(await readTable(device), changed, "found out");
      const places = changed.partitions.map((each) => [
        each.firstBlock * blockLength / MIB,
        each.blockCount * blockLength / MIB,
      ]);
      const last = scheme === "gpt" ? 49 : 50;
      assert.deepEqual(places, [[1, 10], [11, 3], [14, last]]);
    });
  }
}

Deno.test("a partition goes into the first gap that it fits in, under the first free number", async () => {
  const { table } = await withTable("gpt", 512);
  const four = withPartitions(table, Array(4).fill({ size: 10 * MIB }), random);
  const holed = withoutPartitions(four, [2, 4]);
  const again = withPartitions(holed, [{ size: 12 * MIB }, { size: 2 * MIB }], random);
  const places = again.partitions.map(({ number, firstBlock }) => [number, firstBlock / 2048]);
  assert.deepEqual(places, [[1, 1], [2, 31], [3, 21], [4, 11]]);
});

Deno.test("what a table has no room or no word for is refused, and says what there is", async () => {
  const { table: gpt } = await withTable("gpt", 512);
  const { table: mbr } = await withTable("mbr", 512);
  const cases: readonly [PartitionTable, Parameters<typeof withPartitions>[1], RegExp][] = [
    [gpt, [{ size: 63 * MIB }], /does not fit: the largest gap has 66043392/],
    [gpt, [{ size: "rest" }, { size: "rest" }], /nothing is left/],
    [gpt, [{ size: 0 }], /no size/],
    [gpt, [{ size: MIB, type: "0x83" }], /a GPT knows no type "0x83"/],
    [gpt, [{ size: MIB, name: "x".repeat(37) }], /more than 36 characters/],
    [mbr, [{ size: MIB, name: "x" }], /have no names/],
    [mbr, [{ size: MIB, type: "bios-boot" }], /an MBR knows no type/],
    [mbr, Array(5).fill({ size: MIB }), /room for 4 partitions/],
    [gpt, Array(129).fill({ size: 512 }), /does not fit|room for 128/],
  ];
  for (const [table, added, message] of cases) {
    assert.throws(() => withPartitions(table, added, random), (error) => {
      assert.ok(error instanceof PartitionError);
      assert.match(error.message, message);
      return true;
    });
  }
  assert.throws(() => withoutPartitions(gpt, [1]), /there is no partition 1/);
});

Deno.test("an MBR reaches as far as 32 bits, and no farther", () => {
  const device = new MemoryDevice(3 * 2 ** 40);
  return initTable(device, { scheme: "mbr", blockLength: 512, random }).then((table) => {
    const [only] = withPartitions(table, [{ size: "rest" }], random).partitions;
    assert.ok(only!.firstBlock + only!.blockCount <= 2 ** 32);
    assert.ok(only!.blockCount > 2 ** 32 - 8192);
  });
});

Deno.test("of a GPT either copy will do, and a change makes both whole again", async () => {
  for (const [damaged, flaw] of [[512, /first copy/], [64 * MIB - 512, /second copy/]] as const) {
    const { device, table } = await withTable("gpt", 512);
    await writeTable(device, withPartitions(table, [{ size: MIB }], random));
    await device.write(damaged, new Uint8Array(512), 0, 512);
    const found = (await readTable(device))!;
    assert.equal(found.partitions.length, 1);
    assert.match(found.flaw!, flaw);
    await writeTable(device, found);
    assert.deepEqual(await readTable(device), { ...found, flaw: undefined });
  }
});

Deno.test("of a GPT both copies of which are damaged it is said that there was one", async () => {
  const { device } = await withTable("gpt", 512);
  for (const at of [512, 64 * MIB - 512]) await device.write(at, new Uint8Array(512), 0, 512);
  const found = (await readTable(device))!;
  assert.match(found.flaw!, /stands for a GPT, both copies of which are damaged/);
});

Deno.test("on a disk that has grown a change moves the second copy, and the rest can be used", async () => {
  const { device, table } = await withTable("gpt", 512);
  await writeTable(device, withPartitions(table, [{ size: "rest" }], random));
  await device.grow(128 * MIB);
  const found = (await readTable(device))!;
  assert.match(found.flaw!, /has grown/);
  await writeTable(device, withPartitions(found, [{ size: "rest" }], random));
  const { partitions, flaw } = (await readTable(device))!;
  assert.equal(flaw, undefined);
  assert.equal(partitions[1]!.blockCount, 64 * 2048);
});

/** Fails at the nth write, after which the medium has what was written before. */
class FailingDevice extends MemoryDevice {
  left = Infinity;

  override write(offset: number, from: Uint8Array, at: number, length: number): Promise<void> {
    if (this.left-- <= 0) return Promise.reject(new Error("cut"));
    return super.write(offset, from, at, length);
  }
}

Deno.test("whatever interrupts a change of a GPT, the old table is there or the new one", async () => {
  for (let cut = 0; cut < 6; cut++) {
    const device = new FailingDevice(64 * MIB);
    const empty = await initTable(device, { scheme: "gpt", blockLength: 512, random });
    const before = withPartitions(empty, [{ size: MIB }], random);
    await writeTable(device, before);
    const after = withPartitions(before, [{ size: "rest" }], random);
    device.left = cut;
    const isDone = await writeTable(device, after).then(() => true, () => false);
    assert.equal(isDone, cut >= 5);
    const { partitions } = (await readTable(device))!;
    const isEither = [before, after].some((each) =>
      JSON.stringify(each.partitions) === JSON.stringify(partitions)
    );
    assert.ok(isEither, `after ${cut} writes`);
  }
});

Deno.test("gapsOf() leaves out what overlapping and foreign partitions take", async () => {
  const { table } = await withTable("gpt", 512);
  const [one] = withPartitions(table, [{ size: 4 * MIB }], random).partitions;
  const twisted = {
    ...table,
    partitions: [
      { ...one!, firstBlock: 100, blockCount: 2100 },
      { ...one!, number: 2, firstBlock: 2049, blockCount: 10 },
      { ...one!, number: 3, firstBlock: 2 ** 40, blockCount: 10 },
    ],
  };
  assert.deepEqual(gapsOf(twisted), [{ firstBlock: 4096, blockCount: 131_038 - 4096 + 1 }]);
});
