import assert from "node:assert/strict";
import { checkImage, repairImage } from "../../../../lib/vhd/check/check_image.ts";
import { FileError } from "../../../../lib/block/file_error.ts";
import { SimFiles } from "../../../support/sim_files.ts";
import { openVhd } from "../../../../lib/vhd/open.ts";
import { pattern } from "../../block/device_model.ts";
import { BLOCK, DISK, IDS, newImage, PARENT, parentOf } from "../vhd_fixture.ts";
import { around, DAMAGES, joined, readings, tableOf, wholeDisk } from "./damaged_disks.ts";

for (const { name, kinds, make, finds } of DAMAGES) {
  for (const kind of kinds) {
    Deno.test(`checkImage: ${kind}: ${name}`, async () => {
      const files = await wholeDisk(kind);
      files.put(DISK, make(files.octets(DISK)));
      files.operations.length = 0;
      const { findings } = await checkImage(DISK, { files, ...around() });
      const found = findings.map((it) => [it.kind, it.severity]);
      assert.deepEqual(found, finds, findings.map(({ message }) => message).join("\n"));
      assert.deepEqual(files.operations, [], "a check writes nothing");
      for (const { severity, repairable } of findings) {
        assert.equal(repairable, severity === "flaw");
      }
    });

    Deno.test(`repairImage: ${kind}: ${name}`, async () => {
      const files = await wholeDisk(kind);
      const whole = await readings(files);
      files.put(DISK, make(files.octets(DISK)));
      const before = await readings(files);
      const damaged = files.octets(DISK);
      const parent = files.paths().includes(PARENT) ? files.octets(PARENT) : undefined;
      const { findings, repaired } = await repairImage(DISK, { files, ...around() });
      const after = await readings(files);
      if (before !== undefined) assert.deepEqual(after, before);
      const isAtRisk = finds.some(([, severity]) => severity === "risk");
      if (isAtRisk) {
        assert.deepEqual(files.octets(DISK), damaged, "nothing is written where data is at risk");
        assert.deepEqual(repaired, []);
      } else {
        const flaws = finds.filter(([, severity]) => severity === "flaw");
        // Behind a footer that is made anew, what was added may turn out to be used by nothing.
        const kinds = repaired.map((it) => it.kind);
        assert.deepEqual(kinds.slice(0, flaws.length), flaws.map(([kind]) => kind));
        assert.ok(findings.every(({ severity }) => severity === "note"), JSON.stringify(findings));
        if (!name.includes("used by nothing")) assert.deepEqual(after, whole);
        if (repaired.length > 0) await takesWrites(files);
      }
      if (parent !== undefined) assert.deepEqual(files.octets(PARENT), parent);
      assert.ok(!files.paths().includes(`${DISK}.sjl`));
    });
  }
}

/** What was repaired can be opened for writing. */
async function takesWrites(files: SimFiles): Promise<void> {
  const { device } = await openVhd(DISK, { files, ...around() });
  await device.write(6 * BLOCK, pattern(BLOCK, 1), 0, BLOCK);
  await device.close();
  const { findings } = await checkImage(DISK, { files, ...around() });
  assert.ok(findings.every(({ severity }) => severity === "note"), JSON.stringify(findings));
}

Deno.test("repairImage: what the journal of a killed process has is put where it belongs", async () => {
  const files = await wholeDisk("differencing");
  const { device } = await openVhd(DISK, { files, ...around() });
  await device.write(8 * BLOCK, pattern(BLOCK, 5), 0, BLOCK);
  files.kill();
  const { findings } = await checkImage(DISK, { files, ...around() });
  assert.deepEqual(findings.map((it) => [it.kind, it.severity]), [["journal", "flaw"]]);
  assert.match(findings[0]!.message, /1 notes/);
  const report = await repairImage(DISK, { files, ...around() });
  assert.deepEqual(report.repaired.map(({ kind }) => kind), ["journal"]);
  assert.deepEqual(report.findings, []);
  const octets = await readings(files);
  assert.deepEqual(octets!.slice(8 * BLOCK, 9 * BLOCK), pattern(BLOCK, 5));
});

Deno.test("repairImage: the journal of another disk is left alone, and so is the disk", async () => {
  const files = await wholeDisk("dynamic");
  const { device } = await openVhd(DISK, { files, ...around() });
  await device.write(8 * BLOCK, pattern(BLOCK, 5), 0, BLOCK);
  files.kill();
  files.put(DISK, newImage({ uuid: IDS.parent }));
  const before = files.octets(DISK);
  const { findings, repaired } = await repairImage(DISK, { files, ...around() });
  assert.deepEqual(findings.map((it) => [it.kind, it.severity]), [["journal", "risk"]]);
  assert.deepEqual([repaired.length, files.octets(DISK)], [0, before]);
});

Deno.test("checkImage: a disk that somebody writes to is refused, as is the repair of one that is read", async () => {
  const files = await wholeDisk("dynamic");
  const inUse = (error: unknown) => error instanceof FileError && error.kind === "in-use";
  const { device } = await openVhd(DISK, { files, ...around() });
  await assert.rejects(checkImage(DISK, { files, ...around() }), inUse);
  await device.close();
  const reader = (await openVhd(DISK, { files, ...around(), readOnly: true })).device;
  assert.deepEqual((await checkImage(DISK, { files, ...around() })).findings, []);
  await assert.rejects(repairImage(DISK, { files, ...around() }), inUse);
  await reader.close();
});

Deno.test("checkImage: a missing parent, another one, and one that was written to are told", async () => {
  const files = await wholeDisk("differencing");
  const kinds = async (parent?: string) => {
    const { findings } = await checkImage(DISK, { files, ...around(), parent });
    return findings.map((it) => [it.kind, it.severity]);
  };
  await files.remove(PARENT);
  assert.deepEqual(await kinds(), [["parent-missing", "risk"]]);
  assert.deepEqual(await kinds(PARENT), [["parent-missing", "risk"]]);
  files.put("/disks/other.vhd", newImage({ uuid: IDS.parent.toReversed() }));
  assert.deepEqual(await kinds("/disks/other.vhd"), [["parent-other", "risk"]]);
  files.put("/disks/moved.vhd", newImage({ uuid: IDS.parent }));
  assert.deepEqual(await kinds(), [["parent-locator", "note"]]);
  const { parent } = parentOf();
  files.put(DISK, newImage({ ...parentOf(), parent: { ...parent, timeStamp: 1 } }));
  files.put(PARENT, newImage({ uuid: IDS.parent }));
  assert.deepEqual(await kinds(), [["parent-modified", "risk"]]);
  const forced = await checkImage(DISK, { files, ...around(), force: true });
  assert.deepEqual(forced.findings, []);
});

Deno.test("B-36: checkImage: a disk that is its own parent, or its parent's, is told", async () => {
  const files = new SimFiles();
  const { parent } = parentOf();
  files.put(DISK, newImage({ parent: { ...parent, uniqueId: IDS.disk, name: "disk.vhd" } }));
  const self = await checkImage(DISK, { files, ...around() });
  assert.deepEqual(self.findings.map(({ kind }) => kind), ["parent-chain"]);
  files.put(DISK, newImage(parentOf()));
  const back = { ...parent, uniqueId: IDS.disk, name: "disk.vhd", relativePath: "disk.vhd" };
  files.put(PARENT, newImage({ uuid: IDS.parent, parent: { ...back, absolutePath: DISK } }));
  const circle = await checkImage(DISK, { files, ...around() });
  assert.deepEqual(circle.findings.map(({ kind }) => kind), ["parent-chain"]);
  assert.match(circle.findings[0]!.message, /circle/);
});

Deno.test("checkImage: what is wrong with a parent's file is told with its path", async () => {
  const files = await wholeDisk("differencing");
  files.put(PARENT, files.octets(PARENT).slice(0, -512));
  const { findings, parents } = await checkImage(DISK, { files, ...around() });
  assert.deepEqual(findings.map((it) => [it.path, it.kind, it.severity]), [
    [PARENT, "tail-footer", "flaw"],
  ]);
  assert.deepEqual(parents, [PARENT]);
});

Deno.test("checkImage: data that a dynamic disk's bitmap calls absent is told", async () => {
  const files = await wholeDisk("dynamic");
  const octets = files.octets(DISK);
  const { at, view } = tableOf(octets);
  octets[view.getUint32(at + 3 * 4) * 512]! &= 0xf0;
  files.put(DISK, octets);
  const { findings } = await checkImage(DISK, { files, ...around() });
  assert.deepEqual(findings.map(({ kind, severity }) => [kind, severity]), [["bitmap", "note"]]);
  assert.match(findings[0]!.message, /^4 sectors in 1 blocks/);
});

Deno.test("checkImage: what a guest of a raw disk writes near its end does not make it a VHD", async () => {
  const files = await wholeDisk("fixed");
  files.put("/disks/disk.img", files.octets(DISK));
  const options = { files, ...around() };
  assert.equal((await checkImage("/disks/disk.img", options)).format, "fixed");
  const asRaw = await checkImage("/disks/disk.img", { ...options, expected: "raw" });
  assert.deepEqual([asRaw.format, asRaw.findings], ["raw", []]);
  // With something behind it, what looks like a footer is the guest's.
  files.put("/disks/disk.img", new Uint8Array([...files.octets(DISK), ...pattern(512, 2)]));
  const { format, findings } = await repairImage("/disks/disk.img", options);
  assert.deepEqual([format, findings], ["raw", []]);
});

Deno.test("checkImage: a raw image that is shorter than its disk is told", async () => {
  const files = new SimFiles();
  files.put("/disks/disk.img", new Uint8Array(4096 + 100));
  const options = { files, ...around(), expected: "raw" } as const;
  const kinds = async (expectedSize?: number) => {
    const { findings } = await checkImage("/disks/disk.img", { ...options, expectedSize });
    return findings.map(({ kind, severity }) => [kind, severity]);
  };
  assert.deepEqual(await kinds(8192), [["size", "risk"], ["remainder", "note"]]);
  assert.deepEqual(await kinds(4096), [["remainder", "note"]]);
  assert.deepEqual(await kinds(), [["remainder", "note"]]);
});

Deno.test("B-35: a block that lies over the footer at the end is told, and keeps what is written to it", async () => {
  for (const kind of ["dynamic", "differencing"] as const) {
    const files = await wholeDisk(kind);
    const octets = files.octets(DISK);
    const end = octets.length - 512;
    // The last octet of the last block, which is block 0, has become the footer's first.
    files.put(DISK, joined(octets.slice(0, end - 1), octets.slice(end)));
    const { findings } = await checkImage(DISK, { files, ...around() });
    assert.deepEqual(findings.map(({ kind, severity }) => [kind, severity]), [[
      "block-place",
      "risk",
    ]]);
    const written = pattern(BLOCK, 9);
    let { device } = await openVhd(DISK, { files, ...around() });
    await device.write(0, written, 0, BLOCK);
    await device.write(8 * BLOCK, written, 0, BLOCK);
    await device.close();
    ({ device } = await openVhd(DISK, { files, ...around() }));
    const back = new Uint8Array(BLOCK);
    await device.read(0, back, 0, BLOCK);
    assert.deepEqual(back, written);
    await device.close();
  }
});

Deno.test("a damaged footer that the last block lies over is repaired behind the block, which keeps its octets", async () => {
  for (const isHeadLost of [false, true]) {
    const files = await wholeDisk("dynamic");
    const octets = files.octets(DISK);
    const end = octets.length - 512;
    const disk = joined(octets.slice(0, end - 1), octets.slice(end));
    disk[end - 1 + 64]! ^= 1; // the footer's checksum
    if (isHeadLost) disk[64]! ^= 1;
    files.put(DISK, disk);
    // The block ends with what the footer begins with.
    const last = disk[end - 1];
    const { findings, repaired } = await repairImage(DISK, { files, ...around() });
    assert.ok(repaired.some(({ kind }) => kind === "tail-footer"));
    assert.deepEqual(findings, []);
    assert.equal(files.octets(DISK)[end - 1], last);
  }
});
