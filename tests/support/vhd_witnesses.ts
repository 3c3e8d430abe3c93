/** What several readers find in an image: ours, and those that bear witness to it. */
import assert from "node:assert/strict";
import { checkImage } from "../../lib/vhd/check/check_image.ts";
import { openVhd } from "../../lib/vhd/open.ts";
import { LibvhdiDisk } from "./libvhdi.ts";
import { peer } from "./peer.ts";
import { PlainVhd } from "./plain_vhd_reader.ts";

const PIECE = 1 << 20;

export interface AgreeOptions {
  /** qemu knows fixed and dynamic disks, and would take a child for one without a parent. */
  readonly qemu: boolean;
  /** Whoever made it computes the geometry in a way of its own. */
  readonly anyGeometry?: boolean;
}

/** Every reader finds the same octets, and a check finds nothing wrong; answers how many. */
export async function agree(path: string, options: AgreeOptions): Promise<number> {
  const { device, parents } = await openVhd(path, { readOnly: true });
  const libvhdi = new LibvhdiDisk(path, parents);
  const plain = new PlainVhd(path, options.anyGeometry);
  try {
    assert.equal(libvhdi.size, device.size, "libvhdi's size");
    assert.equal(plain.size, device.size, "the plain reader's size");
    const [ours, theirs] = [new Uint8Array(PIECE), new Uint8Array(PIECE)];
    for (let offset = 0; offset < device.size; offset += PIECE) {
      const length = Math.min(PIECE, device.size - offset);
      await device.read(offset, ours, 0, length);
      same(ours, plain.read(offset, length), length, `the plain reader at ${offset}`);
      libvhdi.read(offset, theirs.subarray(0, length));
      same(ours, theirs, length, `libvhdi at ${offset}`);
    }
    if (options.qemu) await compareByQemu(path, device.size);
  } finally {
    plain.close();
    libvhdi.close();
    await device.close();
  }
  const { findings } = await checkImage(path);
  assert.deepEqual(findings, []);
  return device.size;
}

function same(ours: Uint8Array, theirs: Uint8Array, length: number, where: string): void {
  for (let at = 0; at < length; at++) {
    if (ours[at] !== theirs[at]) {
      assert.fail(`${where}, octet ${at}: ${theirs[at]}, not ${ours[at]}`);
    }
  }
}

/** Our reader makes a raw image, and qemu compares. */
async function compareByQemu(path: string, size: number): Promise<void> {
  const info = JSON.parse(await peer("qemu-img", "info", "-f", "vpc", "--output=json", path));
  assert.equal(info["virtual-size"], size, "qemu's size");
  const raw = `${path}.raw`;
  const { device } = await openVhd(path, { readOnly: true });
  const file = await Deno.open(raw, { write: true, create: true, truncate: true });
  try {
    const octets = new Uint8Array(PIECE);
    for (let offset = 0; offset < size; offset += PIECE) {
      const length = Math.min(PIECE, size - offset);
      await device.read(offset, octets, 0, length);
      for (let done = 0; done < length;) done += await file.write(octets.subarray(done, length));
    }
    await device.close();
    const said = await peer("qemu-img", "compare", "-f", "vpc", "-F", "raw", path, raw);
    assert.match(said, /identical/);
  } finally {
    file.close();
    await Deno.remove(raw);
  }
}

/** fio writes by chance, in every size, trims, and reads all of that again. */
export async function writeByFio(uri: string, size: string): Promise<void> {
  const said = await peer(
    "fio",
    ..."--name=v --ioengine=nbd --rw=randwrite --bsrange=512-128k --iodepth=8".split(" "),
    ..."--verify=crc32c --verify_fatal=1 --verify_state_save=0 --fsync=32".split(" "),
    ..."--norandommap --randrepeat=0 --output-format=json".split(" "),
    `--io_size=${size}`,
    `--size=${size}`,
    `--uri=${uri}`,
  );
  const { jobs } = JSON.parse(said.slice(said.indexOf("{"))) as { jobs: { error: number }[] };
  assert.deepEqual(jobs.map(({ error }) => error), [0]);
}
