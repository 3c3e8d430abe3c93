/** Disks that are block devices of this machine. */
import assert from "node:assert/strict";
import type { DiskFacts } from "../../lib/config/facts.ts";
import { withScratch } from "../support/executable.ts";
import { peer, runPeer } from "../support/peer.ts";
import { requires } from "../support/requires.ts";
import { withService } from "../support/service.ts";

const SIZE = 48 << 20;
const DECLARATION = { targets: { t: [] } };

/** Gives `use` a block device whose octets are those of a file. */
async function withBlockDevice(use: (device: string, file: string) => Promise<void>) {
  await withScratch(async (folder) => {
    const file = `${folder}/medium`;
    await Deno.writeFile(file, new Uint8Array(0));
    await Deno.truncate(file, SIZE);
    const device = (await peer("losetup", "-f", "--show", file)).trim();
    try {
      await use(device, file);
    } finally {
      await peer("losetup", "-d", device);
    }
  });
}

Deno.test({
  name: "block device: it is imported, served, written, and kept from being mounted meanwhile",
  ...requires("dist/sanctl", "loop devices", "qemu-io", "qemu block-iscsi", "mkfs.ext4"),
  fn: () =>
    withBlockDevice((device, file) =>
      withService(DECLARATION, async (service) => {
        const { sanctl } = service;
        await withScratch(async (mountPoint) => {
          await peer("mkfs.ext4", "-q", device);
          await peer("mount", device, mountPoint);
          const mounted = await sanctl.run(`disk import ${device} --name b`);
          assert.equal(mounted.exitCode, 3, mounted.stderr);
          assert.match(mounted.stderr, /the system uses it, as when it is mounted; unmount it/);
          await peer("umount", mountPoint);

          await sanctl.ok(`disk import ${device} --name b`);
          const disk = await sanctl.facts<DiskFacts>("disk show b");
          assert.deepEqual([disk.format, disk.size, disk.sparse], ["raw", SIZE, false]);
          await sanctl.ok("disk assign b t");
          assert.notEqual((await runPeer("mount", [device, mountPoint])).exitCode, 0);
        });
        const grown = await sanctl.run("disk extend b --by 16M");
        assert.match(grown.stderr, /is a block device: make it larger by what made it/);
        const url = service.url("t");
        await peer("qemu-io", "-f", "raw", "-c", "write -P 0x6b 1M 3M", "-c", "flush", url);
        await service.stop();
        const octets = (await Deno.readFile(file)).subarray(1 << 20, 4 << 20);
        assert.ok(octets.every((octet) => octet === 0x6b), "it is on the device");

        // The service opens it anew, and so does a command without it.
        await service.start();
        await peer("qemu-io", "-f", "raw", "-c", "read -P 0x6b 1M 3M", service.url("t"));
        await service.stop();
        const copy = sanctl.path("copy.img");
        await sanctl.ok(`disk copy ${device} ${copy}`);
        await peer("cmp", device, copy);
      })
    ),
});
