import assert from "node:assert/strict";
import type { BlockDevice } from "../../../../lib/block/device.ts";
import { turn } from "../../../../lib/block/slices.ts";
import { MemoryDevice } from "../../../../lib/block/memory.ts";
import { checkOpen } from "../../../../lib/vhd/check/check_open.ts";
import type { PositionalFile } from "../../../../lib/block/positional_file.ts";
import type { FindingKind, Severity } from "../../../../lib/vhd/check/finding.ts";
import { ChainDevice } from "../../../../lib/vhd/chain_device.ts";
import { openVhd } from "../../../../lib/vhd/open.ts";
import { Chance } from "../../../support/chance.ts";
import { pattern } from "../../block/device_model.ts";
import { BLOCK, DISK, PARENT, SIZE } from "../vhd_fixture.ts";
import { around, type CheckedKind, tableOf, wholeDisk } from "./damaged_disks.ts";

const KINDS: readonly CheckedKind[] = ["fixed", "dynamic", "differencing"];
const UNIT = 4096;

async function opened(kind: CheckedKind) {
  const files = await wholeDisk(kind);
  const given = { files, ...around(), regionsOfChunk: 1 };
  const { device } = await openVhd(DISK, given);
  const check = async () => (await checkOpen(device, given))!;
  return { files, device, check };
}

/** The file of a dynamic or differencing disk, as another program has it that knows no locks. */
function fileOf(device: BlockDevice): PositionalFile {
  assert.ok(device instanceof ChainDevice);
  return device.layers[0]!.medium.file;
}

for (const kind of KINDS) {
  Deno.test(`checkOpen: ${kind}: nothing is wrong with a disk in use, written to or not`, async () => {
    const { files, device, check } = await opened(kind);
    const before = await check();
    assert.deepEqual([before.format, before.size, before.findings], [kind, SIZE, []]);
    assert.deepEqual(before.parents, kind === "differencing" ? [PARENT] : []);
    await device.write(6 * BLOCK, pattern(UNIT, 7), 0, UNIT);
    const operations = files.operations.length;
    assert.deepEqual((await check()).findings, [], "not flushed yet");
    assert.equal(files.operations.length, operations, "a check writes nothing");
    await device.flush();
    assert.deepEqual((await check()).findings, []);
    await device.close();
  });

  Deno.test(`checkOpen: ${kind}: nothing is found that a writer is in the midst of`, async () => {
    const { device, check } = await opened(kind);
    const chance = new Chance(5);
    const writing = writeMuch(device, chance);
    for (let round = 0; round < 40; round++) {
      assert.deepEqual((await check()).findings, [], `round ${round}`);
    }
    await writing();
    await device.close();
  });
}

/** Writes, trims and flushes until the answer is called. */
function writeMuch(device: BlockDevice, chance: Chance): () => Promise<void> {
  let isOver = false;
  const done = (async () => {
    while (!isOver) {
      const offset = chance.between(0, SIZE / 512 - 8) * 512;
      const length = Math.min(SIZE - offset, chance.between(1, 16) * 512);
      if (chance.in100(25)) {
        const block = chance.between(0, 9) * BLOCK;
        await device.unmap(block, BLOCK);
      } else await device.write(offset, pattern(length, offset), 0, length);
      if (chance.in100(12)) await device.flush();
      await turn();
    }
  })();
  return () => {
    isOver = true;
    return done;
  };
}

interface Spoiling {
  readonly name: string;
  readonly finds: readonly (readonly [FindingKind, Severity])[];
  /** Where in the file, and what becomes of the octets there. */
  readonly at: (octets: Uint8Array<ArrayBuffer>) => number;
  readonly length: number;
  readonly kinds?: readonly CheckedKind[];
}

const GROWING: readonly CheckedKind[] = ["dynamic", "differencing"];

/** Octets of an open disk's file that another program fills with 0x5a. */
const SPOILINGS: readonly Spoiling[] = [
  { name: "the copy of the footer", at: () => 66, length: 1, finds: [["head-footer", "flaw"]] },
  {
    name: "the footer at the end",
    at: ({ length }) => length - 512,
    length: 512,
    finds: [["tail-footer", "flaw"]],
  },
  { name: "the header's checksum", at: () => 512 + 36, length: 4, finds: [["header", "flaw"]] },
  { name: "the header", at: () => 512, length: 1024, finds: [["header", "risk"]] },
  {
    name: "the table",
    at: (octets) => tableOf(octets).at + 4 * 4,
    length: 4,
    finds: [["table", "risk"]],
  },
  {
    name: "a bitmap",
    at: (octets) => tableOf(octets).view.getUint32(tableOf(octets).at + 5 * 4) * 512,
    length: 1,
    kinds: ["dynamic"],
    finds: [["bitmap", "note"]],
  },
];

for (const { name, at, length, finds, kinds = GROWING } of SPOILINGS) {
  for (const kind of kinds) {
    Deno.test(`checkOpen: ${kind}: ${name} that another program wrote over is told`, async () => {
      const { files, device, check } = await opened(kind);
      const spoilt = new Uint8Array(length).fill(0x5a);
      fileOf(device).writeSync(at(files.octets(DISK)), spoilt, 0, length);
      const { findings } = await check();
      const found = findings.map((it) => [it.kind, it.severity]);
      assert.deepEqual(found, finds, findings.map(({ message }) => message).join("\n"));
    });
  }
}

Deno.test("checkOpen: a journal that was removed is told, and whose parents are gone", async () => {
  const { files, check } = await opened("differencing");
  await files.remove(`${DISK}.sjl`);
  await files.remove(PARENT);
  const { findings } = await check();
  assert.deepEqual(findings.map(({ kind }) => kind), ["journal", "parent-missing"]);
});

Deno.test("checkOpen: a disk of memory has no file", async () => {
  assert.equal(await checkOpen(new MemoryDevice(1 << 20)), undefined);
});
