/** VHDs that have grown, as qemu-img and libvhdi see them. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { FileDevice } from "../../lib/block/file.ts";
import { createDynamicVhd, createFixedVhd } from "../../lib/vhd/create.ts";
import { openVhd } from "../../lib/vhd/open.ts";
import { withScratch } from "../support/executable.ts";
import { peer } from "../support/peer.ts";
import { requires } from "../support/requires.ts";
import { pattern, writeAll } from "../unit/block/device_model.ts";

const GIB = 2 ** 30;

const GROWTHS: readonly [from: number, to: number][] = [
  [512, 1024],
  [1 << 20, (1 << 20) + 512],
  [32 << 20, 17 * 4 * 512 * 1000],
  [1 << 20, 20 * GIB + 512],
  [127 * GIB, 128 * GIB],
  [512, 2040 * GIB],
];

/** Made here, with room for a longer table; or elsewhere, with the first block right behind it. */
const MAKERS: readonly [
  what: string,
  type: string,
  make: (path: string, size: number) => Promise<unknown>,
][] = [
  ["fixed VHD", "Fixed", (path, size) => createFixedVhd(path, { size, sparse: true })],
  ["dynamic VHD", "Dynamic", (path, size) => createDynamicVhd(path, { size })],
  [
    "dynamic VHD of qemu-img",
    "Dynamic",
    (path, size) => peer("qemu-img", "create", "-f", "vpc", "-o", "force_size", path, String(size)),
  ],
];

for (const [what, type, make] of MAKERS) {
  for (const [from, to] of GROWTHS) {
    Deno.test({
      name: `a ${what} grown from ${from} to ${to} octets is one to qemu-img and vhdiinfo`,
      ...requires("qemu-img", "vhdiinfo"),
      fn: () =>
        withScratch(async (folder) => {
          const path = join(folder, "disk.vhd");
          const raw = join(folder, "disk.raw");
          await make(path, from);
          const { device } = await openVhd(path, { sparse: true });
          await Deno.writeFile(raw, new Uint8Array(0));
          await Deno.truncate(raw, to);
          const plain = await FileDevice.open(raw, { sparse: true });
          const write = async (offset: number) => {
            await writeAll(device, offset, pattern(512, offset % 251));
            await writeAll(plain, offset, pattern(512, offset % 251));
          };
          await write(0);
          await write(from - 512);
          await device.grow!(to);
          await write(to - 512);
          await device.close();
          await plain.close();

          const info = JSON.parse(
            await peer("qemu-img", "info", "-f", "vpc", "--output=json", path),
          );
          assert.equal(info["virtual-size"], to);
          const formats = ["-f", "vpc", "-F", "raw"];
          assert.match(await peer("qemu-img", "compare", ...formats, path, raw), /identical/);
          const seen = await peer("vhdiinfo", path);
          assert.match(seen, new RegExp(`Disk type\\s*: ${type}`));
          const octets = /\((\d+) bytes\)/.exec(seen)?.[1] ?? /: (\d+) bytes/.exec(seen)?.[1];
          assert.equal(Number(octets), to);
        }),
    });
  }
}
