/**
 * VHDs of all types, made by either side and written to by chance: sanctl, libvhdi, qemu and a
 * reader made from the specification alone find the same octets in them. Differencing disks are
 * never shown to qemu, which ignores their parents without a word.
 */
import assert from "node:assert/strict";
import { join } from "node:path";
import type { BlockDevice } from "../../lib/block/device.ts";
import { createDifferencingVhd, createDynamicVhd, createFixedVhd } from "../../lib/vhd/create.ts";
import { openVhd } from "../../lib/vhd/open.ts";
import { withScratch } from "../support/executable.ts";
import { servingNbd } from "../support/nbd_serving.ts";
import { NbdPeer } from "../support/nbd_peer.ts";
import { note } from "../support/note.ts";
import { peer } from "../support/peer.ts";
import { requires } from "../support/requires.ts";
import { withSanctl } from "../support/sanctl.ts";
import { Service } from "../support/service.ts";
import { agree, writeByFio } from "../support/vhd_witnesses.ts";
import { pattern } from "../unit/block/device_model.ts";

const MIB = 1 << 20;
const SIZE = 24 * MIB + 512;

/** What makes an image of each type; a parent is made first where there is one. */
const MAKERS = {
  fixed: (path: string) => createFixedVhd(path, { size: SIZE }),
  dynamic: (path: string) => createDynamicVhd(path, { size: SIZE }),
  "dynamic, in blocks of 512 KiB": (path: string) =>
    createDynamicVhd(path, { size: SIZE, blockLength: 512 << 10 }),
  differencing: async (path: string) => {
    const parent = path.replace("disk", "parent");
    await createDynamicVhd(parent, { size: SIZE });
    await scatter(parent, 5);
    await createDifferencingVhd(path, { parent });
  },
} as const;

for (const [type, make] of Object.entries(MAKERS)) {
  Deno.test({
    name: `a ${type} VHD of ours that fio wrote to over NBD is the same to every reader`,
    ...requires("fio", "libvhdi", "qemu-img"),
    fn: () =>
      withScratch(async (folder) => {
        const path = join(folder, "disk.vhd");
        await make(path);
        const { device } = await openVhd(path, { sparse: true });
        try {
          await servingNbd({ disk: device }, ({ tcp }) => writeByFio(tcp("disk"), "16m"));
          await unmapSome(device);
        } finally {
          await device.close();
        }
        await agree(path, { qemu: type !== "differencing" });
      }),
  });
}

for (const subformat of ["fixed", "dynamic"]) {
  Deno.test({
    name: `a ${subformat} VHD of qemu's, imported and written to over iSCSI, is the same to all`,
    ...requires("fio", "libvhdi", "qemu-img", "qemu-nbd", "qemu block-iscsi", "dist/sanctl"),
    fn: () =>
      withSanctl(async (sanctl) => {
        const path = sanctl.path("disk.vhd");
        const form = `subformat=${subformat},force_size=on`;
        await Deno.writeFile(sanctl.path("disk.raw"), pattern(SIZE, 9));
        const raw = ["-f", "raw", "-O", "vpc", "-o", form, sanctl.path("disk.raw"), path];
        await peer("qemu-img", "convert", ...raw);
        await agree(path, { qemu: true, anyGeometry: true });
        const service = await Service.declare(sanctl, { targets: { t: [] } });
        await sanctl.ok("disk import {}/disk.vhd");
        await sanctl.ok("disk assign disk t");
        await service.start();
        try {
          const nbd = await NbdPeer.qemuNbd(sanctl.path(""), ["-f", "raw", service.url("t")]);
          try {
            await writeByFio(nbd.url, "16m");
          } finally {
            await nbd.end();
          }
          assert.match(await sanctl.ok("disk check disk"), /nothing is wrong/);
        } finally {
          await service.stop();
        }
        assert.match(await sanctl.ok("disk check disk"), /nothing is wrong/);
        await agree(path, { qemu: true, anyGeometry: true });
      }),
  });
}

Deno.test({
  name: "a chain of four, each written to before its child was made, is the same to libvhdi",
  ...requires("libvhdi", "fio"),
  fn: () =>
    withScratch(async (folder) => {
      const paths = ["a", "b", "c", "d"].map((name) => join(folder, `${name}.vhd`));
      await createFixedVhd(paths[0]!, { size: SIZE });
      for (const [index, path] of paths.entries()) {
        if (index > 0) await createDifferencingVhd(path, { parent: paths[index - 1]! });
        await scatter(path, index * 10);
      }
      for (const path of paths) await agree(path, { qemu: false });
      const { device } = await openVhd(paths[3]!);
      try {
        await servingNbd({ disk: device }, ({ tcp }) => writeByFio(tcp("disk"), "8m"));
      } finally {
        await device.close();
      }
      for (const path of paths) await agree(path, { qemu: false });
    }),
});

const BLOCK_LENGTHS = [4 << 10, 64 << 10, 512 << 10, 2 << 20, 4 << 20];

for (const blockLength of BLOCK_LENGTHS) {
  Deno.test({
    name: `blocks of ${blockLength >> 10} KiB, in a dynamic disk and its child, are read alike`,
    ...requires("libvhdi", "qemu-img"),
    fn: () =>
      withScratch(async (folder) => {
        const [path, child] = [join(folder, "disk.vhd"), join(folder, "child.vhd")];
        const size = Math.max(SIZE, blockLength + 3 * 512);
        await createDynamicVhd(path, { size, blockLength, growTo: size });
        await scatter(path, 1);
        await agree(path, { qemu: true });
        await createDifferencingVhd(child, { parent: path, blockLength, growTo: size });
        await scatter(child, 2);
        await agree(child, { qemu: false });
      }),
  });
}

const GIB = 2 ** 30;
/** Around whole cylinders, the geometry's steps and end, and the format's. */
const SIZES = [
  512,
  MIB + 512,
  17 * 4 * 512 * 1000 + 512,
  17 * 16 * 1024 * 512 - 512,
  31 * 16 * 16384 * 512 + 512,
  65535 * 16 * 63 * 512 - 512,
  65535 * 16 * 63 * 512,
  65535 * 16 * 255 * 512 + 512,
  2040 * GIB,
];

Deno.test({
  name: "dynamic disks of sizes that no geometry tells have that size to every reader",
  ...requires("libvhdi", "qemu-img"),
  fn: () =>
    withScratch(async (folder) => {
      for (const size of SIZES) {
        const path = join(folder, `${size}.vhd`);
        await createDynamicVhd(path, { size });
        const ends = [pattern(512, 1), pattern(512, 2)];
        const { device } = await openVhd(path);
        await device.write(size - 512, ends[1]!, 0, 512);
        if (size > 512) await device.write(0, ends[0]!, 0, 512);
        await device.close();
        await requireEnds(path, size, ends);
      }
      note(`sizes that every reader agrees on: ${SIZES.length}, from 512 octets to 2,040 GiB`);
    }),
});

async function requireEnds(path: string, size: number, ends: readonly Uint8Array[]) {
  const { LibvhdiDisk } = await import("../support/libvhdi.ts");
  const { PlainVhd } = await import("../support/plain_vhd_reader.ts");
  const [libvhdi, plain] = [new LibvhdiDisk(path), new PlainVhd(path)];
  const info = JSON.parse(await peer("qemu-img", "info", "-f", "vpc", "--output=json", path));
  assert.deepEqual([libvhdi.size, plain.size, info["virtual-size"]], [size, size, size]);
  const sector = new Uint8Array(512);
  for (const [offset, octets] of [[0, ends[0]!], [size - 512, ends[1]!]] as const) {
    if (size === 512 && offset === 0 && octets === ends[0]) continue;
    libvhdi.read(offset, sector);
    assert.deepEqual(sector, octets, `libvhdi, ${size}, at ${offset}`);
    assert.deepEqual(plain.read(offset, 512), octets, `the plain reader, ${size}, at ${offset}`);
    const command = `read -v ${offset} 512`;
    const said = await peer("qemu-io", "-r", "-f", "vpc", "-c", command, path);
    const seen = [...said.matchAll(/^[0-9a-f]+: {2}((?:[0-9a-f]{2} )+)/gm)].map(([, row]) => row!);
    assert.equal(seen.join("").replaceAll(" ", ""), octets.toHex(), `qemu, ${size}, at ${offset}`);
  }
  libvhdi.close();
  plain.close();
}

/** Writes here and there: across blocks, in parts of sectors' units, at the end. */
async function scatter(path: string, seed: number): Promise<void> {
  const { device } = await openVhd(path, { sparse: true });
  try {
    const places = [[0, 512], [512 * 3, 512 * 11], [MIB - 512, 70 * 512], [2 * MIB - 1024, 2048]];
    for (let at = 3 * MIB; at + MIB < device.size; at += 2.5 * MIB) {
      const offset = Math.floor((at + seed * 37 * 512) / 512) * 512;
      if (offset + 200 * 512 <= device.size) places.push([offset, (17 + seed) * 512]);
    }
    places.push([device.size - 1536, 1536]);
    for (const [index, [offset, length]] of places.entries()) {
      await device.write(offset!, pattern(length!, seed + index), 0, length!);
    }
    await unmapSome(device);
  } finally {
    await device.close();
  }
}

async function unmapSome(device: BlockDevice): Promise<void> {
  await device.unmap(MIB, 8 * 512);
  if (device.size > 8 * MIB) await device.unmap(4 * MIB + 512 * 5, 3 * MIB);
}
