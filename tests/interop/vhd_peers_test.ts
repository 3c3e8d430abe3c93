/** Fixed VHDs as qemu-img and libvhdi see them, and theirs as we do. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { FileDevice } from "../../lib/block/file.ts";
import { createFixedVhd } from "../../lib/vhd/create.ts";
import { openVhd } from "../../lib/vhd/open.ts";
import { recogniseImage } from "../../lib/vhd/recognise.ts";
import { withScratch } from "../support/executable.ts";
import { requires } from "../support/requires.ts";
import { pattern, readAll, writeAll } from "../unit/block/device_model.ts";

const GIB = 2 ** 30;

/** Around whole cylinders, the geometry's end (127.5 GiB) and the format's. */
const SIZES: readonly number[] = [
  512,
  1 << 20,
  (1 << 20) + 512,
  64 << 20,
  (64 << 20) - 512,
  17 * 4 * 512 * 1000,
  17 * 4 * 512 * 1000 + 512,
  127 * GIB,
  65535 * 16 * 255 * 512,
  65535 * 16 * 255 * 512 + 512,
  2040 * GIB - 512,
  2040 * GIB,
];

for (const size of SIZES) {
  Deno.test({
    name: `createFixedVhd: qemu-img and vhdiinfo see ${size} octets and the data`,
    ...requires("qemu-img", "vhdiinfo"),
    fn: () =>
      withScratch(async (folder) => {
        const path = join(folder, "disk.vhd");
        const raw = join(folder, "disk.raw");
        const footer = await createFixedVhd(path, { size, sparse: true });
        const { device } = await openVhd(path, { sparse: true });
        await Deno.writeFile(raw, new Uint8Array(0));
        await Deno.truncate(raw, size);
        const plain = await FileDevice.open(raw, { sparse: true });
        for (const offset of [0, Math.floor(size / 1024) * 512, size - 512]) {
          const sector = pattern(512, offset % 251);
          await writeAll(device, Math.min(offset, size - 512), sector);
          await writeAll(plain, Math.min(offset, size - 512), sector);
        }
        await device.close();
        await plain.close();

        const info = JSON.parse(await run("qemu-img", "info", "-f", "vpc", "--output=json", path));
        assert.equal(info["virtual-size"], size);

        const compared = await run(
          "qemu-img",
          "compare",
          "-f",
          "vpc",
          "-F",
          "raw",
          path,
          raw,
        );
        assert.match(compared, /identical/);

        const seen = await run("vhdiinfo", path);
        assert.match(seen, /Disk type\s*: Fixed/);
        assert.equal(
          Number(/\((\d+) bytes\)/.exec(seen)?.[1] ?? /: (\d+) bytes/.exec(seen)?.[1]),
          size,
        );
        assert.equal(
          /Identifier\s*: (\S+)/.exec(seen)![1]!.replaceAll("-", ""),
          footer.uniqueId.toHex(),
        );
      }),
  });
}

Deno.test({
  name: "openVhd: a fixed VHD that qemu-img made has its size, identity and data",
  ...requires("qemu-img", "vhdiinfo"),
  fn: () =>
    withScratch(async (folder) => {
      const raw = join(folder, "disk.raw");
      const path = join(folder, "disk.vhd");
      const octets = pattern((3 << 20) + 512, 7);
      await Deno.writeFile(raw, octets);
      const form = "subformat=fixed,force_size=on";
      await run("qemu-img", "convert", "-f", "raw", "-O", "vpc", "-o", form, raw, path);
      const { device, footer } = await openVhd(path, { readOnly: true });
      assert.equal(device.size, octets.length);
      assert.ok(
        (await run("vhdiinfo", path)).replaceAll("-", "").includes(footer.uniqueId.toHex()),
      );
      const into = new Uint8Array(octets.length);
      await readAll(device, 0, into);
      assert.deepEqual(into, octets);
      await device.close();
    }),
});

/** What qemu-img calls a format, and what we call it. */
const FORMATS: readonly [string, string][] = [
  ["vhdx", "VHDX"],
  ["qcow2", "qcow2"],
  ["qed", "QED"],
  ["vmdk", "VMDK"],
  ["vdi", "VDI"],
  ["parallels", "Parallels"],
];

for (const [qemuName, name] of FORMATS) {
  Deno.test({
    name: `recogniseImage: the command it prints for ${name} makes a disk that we serve`,
    ...requires("qemu-img"),
    fn: () =>
      withScratch(async (folder) => {
        const raw = join(folder, "disk.raw");
        const path = join(folder, "it's, old.img");
        const octets = pattern(4 << 20, 3);
        await Deno.writeFile(raw, octets);
        await run("qemu-img", "convert", "-f", "raw", "-O", qemuName, raw, path);
        const image = await recogniseImage(path);
        assert.equal(image.name, name);
        await run("sh", "-c", /convert it: (.*)$/.exec(image.refusal!)![1]!);
        const { device } = await openVhd(join(folder, "it's, old.fixed.vhd"));
        const into = new Uint8Array(octets.length);
        await readAll(device, 0, into);
        assert.deepEqual(into, octets);
        // qemu fills the last cylinder up.
        const rest = new Uint8Array(device.size - octets.length);
        await readAll(device, octets.length, rest);
        assert.ok(rest.every((octet) => octet === 0));
        await device.close();
      }),
  });
}

async function run(program: string, ...args: string[]): Promise<string> {
  const command = new Deno.Command(program, { args, stdin: "null" });
  const { success, stdout, stderr } = await command.output();
  const decoder = new TextDecoder();
  assert.ok(success, `${program} ${args.join(" ")}: ${decoder.decode(stderr)}`);
  return decoder.decode(stdout);
}
