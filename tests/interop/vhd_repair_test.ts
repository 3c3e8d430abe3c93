/** Damaged VHDs that other readers refuse, and that they take, octet by octet, once repaired. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { checkImage, repairImage } from "../../lib/vhd/check/check_image.ts";
import { createDynamicVhd } from "../../lib/vhd/create.ts";
import { openVhd } from "../../lib/vhd/open.ts";
import { withScratch } from "../support/executable.ts";
import { runPeer } from "../support/peer.ts";
import { requires } from "../support/requires.ts";
import { agree } from "../support/vhd_witnesses.ts";
import { pattern } from "../unit/block/device_model.ts";

const MIB = 1 << 20;

/** What is done to the file, and who takes it no more. */
const DAMAGES: readonly {
  readonly name: string;
  readonly refusedBy: readonly ("qemu-img" | "vhdiinfo")[];
  readonly damage: (file: Deno.FsFile, length: number) => void;
}[] = [
  {
    name: "the footer at the end cut off",
    refusedBy: ["vhdiinfo"],
    damage: (file, length) => file.truncateSync(length - 512),
  },
  {
    name: "octets added behind the footer",
    refusedBy: ["vhdiinfo"],
    damage: (file, length) => put(file, length, pattern(70_000, 4)),
  },
  {
    name: "the copy of the footer zeros",
    refusedBy: ["qemu-img"],
    damage: (file) => put(file, 0, new Uint8Array(512)),
  },
  {
    name: "a wrong checksum in the copy",
    refusedBy: ["qemu-img"],
    damage: (file) => put(file, 64, new Uint8Array(4)),
  },
  {
    name: "the copy zeros and octets added at the end",
    refusedBy: ["qemu-img", "vhdiinfo"],
    damage: (file, length) => {
      put(file, 0, new Uint8Array(512));
      put(file, length, pattern(1234, 4));
    },
  },
];

for (const { name, refusedBy, damage } of DAMAGES) {
  Deno.test({
    name: `repairImage: ${name}: refused by ${refusedBy.join(" and ")}, and taken once repaired`,
    ...requires("qemu-img", "vhdiinfo", "libvhdi"),
    fn: () =>
      withScratch(async (folder) => {
        const path = join(folder, "disk.vhd");
        await createDynamicVhd(path, { size: 12 * MIB });
        const { device } = await openVhd(path);
        const octets = pattern(5 * MIB, 3);
        await device.write(3 * MIB - 512, octets, 0, octets.length);
        await device.close();
        await agree(path, { qemu: true });
        const before = (await Deno.stat(path)).mtime!;
        using file = await Deno.open(path, { read: true, write: true });
        damage(file, (await file.stat()).size);
        await Deno.utime(path, before, before);
        for (const each of ["qemu-img", "vhdiinfo"] as const) {
          const args = each === "qemu-img" ? ["info", "-f", "vpc", path] : [path];
          const { exitCode } = await runPeer(each, args);
          assert.equal(exitCode !== 0, refusedBy.includes(each), each);
        }
        assert.ok((await checkImage(path)).findings.length > 0);
        const { repaired, findings } = await repairImage(path);
        assert.ok(repaired.length > 0);
        assert.deepEqual(findings, []);
        await agree(path, { qemu: true });
        const seconds = (date: Date) => Math.floor(date.getTime() / 1000);
        assert.equal(seconds((await Deno.stat(path)).mtime!), seconds(before), "its time stays");
      }),
  });
}

function put(file: Deno.FsFile, position: number, octets: Uint8Array): void {
  file.seekSync(position, Deno.SeekMode.Start);
  for (let done = 0; done < octets.length;) done += file.writeSync(octets.subarray(done));
}
