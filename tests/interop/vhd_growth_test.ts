/** Fixed VHDs that have grown, as qemu-img and libvhdi see them. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { FileDevice } from "../../lib/block/file.ts";
import { createFixedVhd } from "../../lib/vhd/create.ts";
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

for (const [from, to] of GROWTHS) {
  Deno.test({
    name: `a fixed VHD grown from ${from} to ${to} octets is one to qemu-img and vhdiinfo`,
    ...requires("qemu-img", "vhdiinfo"),
    fn: () =>
      withScratch(async (folder) => {
        const path = join(folder, "disk.vhd");
        const raw = join(folder, "disk.raw");
        await createFixedVhd(path, { size: from, sparse: true });
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

        const info = JSON.parse(await peer("qemu-img", "info", "-f", "vpc", "--output=json", path));
        assert.equal(info["virtual-size"], to);
        const formats = ["-f", "vpc", "-F", "raw"];
        assert.match(await peer("qemu-img", "compare", ...formats, path, raw), /identical/);
        const seen = await peer("vhdiinfo", path);
        assert.match(seen, /Disk type\s*: Fixed/);
        const octets = /\((\d+) bytes\)/.exec(seen)?.[1] ?? /: (\d+) bytes/.exec(seen)?.[1];
        assert.equal(Number(octets), to);
      }),
  });
}
