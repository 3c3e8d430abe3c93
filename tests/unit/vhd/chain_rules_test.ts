/** What a chain of files owes its users, and what the files of others may not make it do. */
import assert from "node:assert/strict";
import { DeviceError } from "../../../lib/block/device.ts";
import { FileError } from "../../../lib/block/file_error.ts";
import { checkImage } from "../../../lib/vhd/check/check_image.ts";
import { FormatError } from "../../../lib/vhd/format_error.ts";
import { openVhd } from "../../../lib/vhd/open.ts";
import { PlatformCode } from "../../../lib/vhd/parent_locator.ts";
import { SimFiles } from "../../support/sim_files.ts";
import { withScratch } from "../../support/executable.ts";
import { pattern } from "../block/device_model.ts";
import { around, DAMAGES, readings, sealHeader, wholeDisk } from "./check/damaged_disks.ts";
import { BLOCK, DISK, fixture, IDS, KINDS, newImage, PARENT, parentOf } from "./vhd_fixture.ts";

for (const { name, kinds, make, finds } of DAMAGES) {
  if (!finds.some(([kind]) => kind === "block-place")) continue;
  for (const kind of kinds) {
    Deno.test(`B-35: ${kind}: ${name}: it is not written to, and what is not touched is read`, async () => {
      const files = await wholeDisk(kind);
      const whole = (await readings(files))!;
      files.put(DISK, make(files.octets(DISK)));
      const before = files.octets(DISK);
      await assert.rejects(openVhd(DISK, { files, ...around() }), (error: unknown) => {
        assert.ok(error instanceof FormatError);
        assert.match(error.message, /block \d+, at \d+, .*it can be read, but not written to/);
        return true;
      });
      assert.deepEqual(files.octets(DISK), before);
      const { device } = await openVhd(DISK, { files, ...around(), readOnly: true });
      const octets = new Uint8Array(BLOCK);
      await device.read(5 * BLOCK, octets, 0, BLOCK);
      assert.deepEqual(octets, whole.slice(5 * BLOCK, 6 * BLOCK));
      await device.close();
    });
  }
}

Deno.test("B-36: a disk that is its own parent, or its parent's, is not opened", async () => {
  const files = new SimFiles();
  const { parent } = parentOf();
  const self = { ...parent, uniqueId: IDS.disk, name: "disk.vhd", relativePath: "disk.vhd" };
  files.put(DISK, newImage({ parent: self }));
  for (const readOnly of [true, false]) {
    await assert.rejects(openVhd(DISK, { files, ...around(), readOnly }), /go round in a circle/);
  }
  files.put(DISK, newImage(parentOf()));
  files.put(PARENT, newImage({ uuid: IDS.parent, parent: self }));
  await assert.rejects(openVhd(DISK, { files, ...around() }), /go round in a circle/);
  const writer = await files.open(PARENT);
  writer.close();
});

Deno.test("B-36: a chain has at most 128 files", async () => {
  const { parent } = parentOf();
  const idOf = (number: number) => new Uint8Array(16).fill(number + 1);
  const nameOf = (number: number) => `p${String(number).padStart(3, "0")}.vhd`;
  const files = new SimFiles();
  for (let number = 0; number < 129; number++) {
    const below = nameOf(number - 1);
    const link = {
      ...parent,
      uniqueId: idOf(number - 1),
      name: below,
      relativePath: below,
      absolutePath: `/disks/${below}`,
    };
    const form = number === 0 ? {} : { parent: link };
    files.put(`/disks/${nameOf(number)}`, newImage({ uuid: idOf(number), ...form }));
  }
  const options = { files, ...around(), readOnly: true };
  const { device } = await openVhd(`/disks/${nameOf(127)}`, options);
  await device.read(0, new Uint8Array(512), 0, 512);
  await device.close();
  await assert.rejects(openVhd(`/disks/${nameOf(128)}`, options), /more than 127 parents/);
  const { findings } = await checkImage(`/disks/${nameOf(128)}`, options);
  assert.deepEqual(findings.map(({ kind }) => kind), ["parent-chain"]);
});

Deno.test("B-36: a parent is open to be read alone, and must be the one that it was", async () => {
  const { files, open } = await fixture("differencing");
  const device = await open();
  await assert.rejects(files.open(PARENT), FileError);
  await device.close();
  const { parent } = parentOf();
  files.put(DISK, newImage({ parent: { ...parent, timeStamp: 1 } }));
  await assert.rejects(open(), /was written to at .* after it was made/);
  await (await open({ force: true })).close();
  files.put("/disks/other.vhd", newImage({ uuid: IDS.disk }));
  await assert.rejects(open({ parent: "/disks/other.vhd", force: true }), /name that one/);
});

const FOREIGN_PATHS = [
  "/etc/shadow",
  "../secret/parent.vhd",
  "\\\\host\\share\\parent.vhd",
  "..\\..\\secret\\parent.vhd",
  "C:\\secret\\parent.vhd",
  "./nul\0/parent.vhd",
  `${"x".repeat(300)}.vhd`,
  ".",
  "..",
] as const;

Deno.test("B-37: a locator names a file in the child's own directory, whatever path it has", async () => {
  const files = new SimFiles();
  const { parent } = parentOf();
  files.put("/secret/parent.vhd", newImage({ uuid: IDS.parent }));
  files.put("/etc/shadow", newImage({ uuid: IDS.parent }));
  for (const path of FOREIGN_PATHS) {
    files.put(DISK, newImage({ parent: { ...parent, relativePath: path, absolutePath: path } }));
    await assert.rejects(openVhd(DISK, { files, ...around() }), (error: unknown) => {
      assert.ok(error instanceof FileError && error.kind === "not-found", String(error));
      assert.match(error.message, /is not in \/disks; put it there, or name it with --parent/);
      return true;
    });
  }
  // The operator may name it wherever it is.
  const options = { files, ...around(), parent: "/secret/parent.vhd" };
  const { device, parents } = await openVhd(DISK, options);
  assert.deepEqual(parents, ["/secret/parent.vhd"]);
  await device.close();
});

Deno.test("B-37: a URL in a locator names nothing outside either", async () => {
  const files = new SimFiles();
  const octets = newImage(parentOf()).slice();
  const url = new TextEncoder().encode("file:///secret/parent.vhd");
  const view = new DataView(octets.buffer);
  octets.fill(0, 1536, 1536 + 512);
  octets.set(url, 1536);
  view.setUint32(512 + 576, PlatformCode.MACX);
  view.setUint32(512 + 576 + 8, url.length);
  files.put(DISK, sealHeader(octets));
  files.put("/secret/parent.vhd", newImage({ uuid: IDS.parent }));
  await assert.rejects(openVhd(DISK, { files, ...around() }), /is not in \/disks/);
});

Deno.test("B-37: no link is followed to a parent", async () => {
  await withScratch(async (folder) => {
    await Deno.mkdir(`${folder}/disks`);
    await Deno.writeFile(`${folder}/secret.vhd`, newImage({ uuid: IDS.parent }));
    await Deno.symlink(`${folder}/secret.vhd`, `${folder}/disks/parent.vhd`);
    const { parent } = parentOf();
    const path = `${folder}/disks/disk.vhd`;
    await Deno.writeFile(path, newImage({ parent: { ...parent, timeStamp: 0 } }));
    await assert.rejects(openVhd(path), /its parent .* is not in/);
    const { device } = await openVhd(path, { parent: `${folder}/secret.vhd` });
    await device.close();
  });
});

Deno.test("A120: what is unmapped in a child reads as zeros, and never as its parent again", async () => {
  const { open, initially } = await fixture("differencing");
  let device = await open();
  const ranges = [[512, 512], [BLOCK - 512, 1024], [5 * BLOCK, BLOCK], [7 * BLOCK + 512, 9 * 512]];
  for (const [offset, length] of ranges) {
    await device.unmap(offset!, length!);
    initially.fill(0, offset, offset! + length!);
  }
  for (let opening = 0; opening < 3; opening++) {
    const octets = new Uint8Array(initially.length);
    await device.read(0, octets, 0, octets.length);
    assert.deepEqual(octets, initially);
    await device.close();
    device = await open();
  }
  await device.close();
});

for (const kind of KINDS) {
  Deno.test(`A121: extents of a ${kind} disk: what is not mapped reads as zeros, what was written is`, async () => {
    const { open } = await fixture(kind);
    const device = await open();
    await device.write(4 * BLOCK, pattern(BLOCK, 3), 0, BLOCK);
    await device.write(6 * BLOCK, pattern(512, 5), 0, 512);
    await device.unmap(4 * BLOCK, BLOCK / 2);
    await device.flush();
    const octets = new Uint8Array(device.size);
    await device.read(0, octets, 0, octets.length);
    let end = 0;
    for (const { offset, length, mapped } of await device.extents(0, device.size, 1000)) {
      assert.equal(offset, end, "without a gap");
      end = offset + length;
      const isZero = octets.subarray(offset, end).every((octet) => octet === 0);
      if (!mapped) assert.ok(isZero, `${offset} to ${end} is data`);
      if (!isZero) assert.ok(mapped);
    }
    assert.equal(end, device.size);
    const [written] = await device.extents(6 * BLOCK, 512, 1);
    assert.equal(written!.mapped, true);
    await device.close();
  });

  Deno.test(`A124: a flush of a ${kind} disk that fails is told, and none succeeds after it`, async () => {
    const { files, open } = await fixture(kind);
    const device = await open();
    await device.write(0, pattern(4096, 1), 0, 4096);
    await device.flush();
    await device.write(3 * BLOCK, pattern(4096, 2), 0, 4096);
    files.failures.set("sync", "medium");
    await assert.rejects(device.flush(), DeviceError);
    files.failures.clear();
    await assert.rejects(device.flush(), /takes no more writes since a flush failed/);
    const write = () => device.write(0, pattern(512, 9), 0, 512);
    await assert.rejects(async () => await write(), /takes no more writes since a flush failed/);
    await assert.rejects(async () => await device.unmap(0, 4096), DeviceError);
    const octets = new Uint8Array(4096);
    await device.read(0, octets, 0, 4096);
    assert.deepEqual(octets, pattern(4096, 1));
    await assert.rejects(device.close(), DeviceError);
    const again = await open();
    await again.read(0, octets, 0, 4096);
    assert.deepEqual(octets, pattern(4096, 1), "what was flushed is there");
    await again.close();
  });

  Deno.test(`A125: a ${kind} disk on a full file system fails what needs space, and goes on`, async () => {
    const { files, open } = await fixture(kind);
    let device = await open();
    await device.write(0, pattern(BLOCK, 1), 0, BLOCK);
    await device.flush();
    files.space = files.taken;
    const noSpace = (error: unknown) => error instanceof DeviceError && error.kind === "no-space";
    let failures = 0;
    for (let block = 1; block < 10; block++) {
      const octets = pattern(BLOCK, block + 1);
      await device.write(block * BLOCK, octets, 0, BLOCK).catch((error: unknown) => {
        assert.ok(noSpace(error), String(error));
        failures++;
      });
    }
    assert.ok(failures > 0);
    await device.write(0, pattern(BLOCK, 77), 0, BLOCK); // in place
    await device.flush();
    const octets = new Uint8Array(BLOCK);
    await device.read(0, octets, 0, BLOCK);
    assert.deepEqual(octets, pattern(BLOCK, 77));
    files.space = Infinity;
    await device.write(9 * BLOCK, pattern(BLOCK, 5), 0, BLOCK);
    await device.close();
    const { findings } = await checkImage(DISK, { files, ...around() });
    assert.ok(findings.every(({ severity }) => severity !== "risk"), JSON.stringify(findings));
    device = await open();
    await device.read(9 * BLOCK, octets, 0, BLOCK);
    assert.deepEqual(octets, pattern(BLOCK, 5));
    await device.close();
  });
}
