/** qemu's iSCSI initiator on our LUNs, and qemu's and libvhdi's readers on the files behind them. */
import assert from "node:assert/strict";
import { peer } from "../support/peer.ts";
import { requires } from "../support/requires.ts";
import { iqn, type Service, type TestDisk, withService } from "../support/service.ts";
import { Wiretap } from "../support/wiretap.ts";

const MIB = 1 << 20;
const IMAGE_LENGTH = 256 * MIB;

const needs = requires("qemu-img", "qemu-io", "qemu block-iscsi", "vhdiinfo", "dist/sanctl");

/** A test with a service that has one target with the disk. */
function test(name: string, disk: TestDisk, fn: (service: Service) => Promise<void>): void {
  const declaration = { targets: { t: [disk] } };
  Deno.test({ name: `qemu: ${name}`, ...needs, fn: () => withService(declaration, fn) });
}

/** The LUN with options that an `iscsi://` address has no room for. */
function imageOptions(portal: string, options: Readonly<Record<string, string>>): string {
  const all = {
    driver: "iscsi",
    transport: "tcp",
    portal,
    target: iqn("t"),
    lun: "0",
    ...options,
  };
  return Object.entries(all).map(([key, value]) => `${key}=${value}`).join(",");
}

/** A raw image that no compression, no sparse file and no luck makes look right. */
async function createRandomImage(path: string): Promise<void> {
  const file = await Deno.open(path, { createNew: true, write: true });
  const octets = new Uint8Array(MIB);
  try {
    for (let done = 0; done < IMAGE_LENGTH; done += octets.length) {
      for (let at = 0; at < octets.length; at += 65_536) {
        crypto.getRandomValues(octets.subarray(at, at + 65_536));
      }
      for (let at = 0; at < octets.length;) at += await file.write(octets.subarray(at));
    }
  } finally {
    file.close();
  }
}

async function assertSameFile(path: string, other: string): Promise<void> {
  assert.equal((await Deno.stat(other)).size, (await Deno.stat(path)).size);
  const digests = await peer("sha256sum", "--", path, other);
  const [one, two] = digests.trim().split("\n").map((line) => line.split(" ")[0]);
  assert.equal(two, one);
}

test(
  "a random image goes onto a fixed VHD and comes back equal, and so is the file by itself",
  { file: "disk.vhd", size: "256M" },
  async (service) => {
    const [source, back] = [service.sanctl.path("source.raw"), service.sanctl.path("back.raw")];
    const vhd = service.sanctl.path("disk.vhd");
    await createRandomImage(source);
    const url = service.url("t");
    await peer("qemu-img", "convert", "-n", "-f", "raw", "-O", "raw", source, url);
    await peer("qemu-img", "convert", "-f", "raw", "-O", "raw", url, back);
    await assertSameFile(source, back);
    const served = await peer("qemu-img", "compare", "-f", "raw", "-F", "raw", source, url);
    assert.match(served, /identical/);

    await service.stop();
    const stored = await peer("qemu-img", "compare", "-f", "raw", "-F", "vpc", source, vhd);
    assert.match(stored, /identical/);
    const seen = await peer("vhdiinfo", vhd);
    assert.match(seen, /Disk type\s*: Fixed/);
    assert.match(seen, /Media size\s*: .*\(268435456 bytes\)/);
  },
);

/** How `qemu-img bench` loads a LUN. */
const LOADS: readonly (readonly string[])[] = [
  ["-c", "4000", "-d", "32", "-s", "4096"],
  ["-c", "4000", "-d", "32", "-s", "4096", "-S", "1052672", "-w", "--pattern=165"],
  ["-c", "1000", "-d", "64", "-s", "65536", "-w", "--flush-interval=128", "--pattern=90"],
  ["-c", "200", "-d", "8", "-s", "1048576"],
  ["-c", "20", "-d", "2", "-s", "33554432", "-w"],
];

test(
  "loads of every depth and size come to their end, and the data is right behind them",
  { file: "disk.vhd", size: "256M" },
  async (service) => {
    const url = service.url("t");
    for (const load of LOADS) {
      const said = await peer("qemu-img", "bench", ...load, "-f", "raw", "-t", "none", url);
      assert.match(said, /Run completed/);
    }
    await io(url, "write -P 0xa5 0 256M");
    await peer("qemu-img", "bench", ...LOADS[2]!, "-f", "raw", "-t", "none", url);
    await io(url, "read -P 0x5a 0 64000k", "read -P 0xa5 64000k 198144k");
  },
);

/** Runs commands of qemu-io on an image; a pattern that is not there is an error. */
async function io(image: string, ...commands: string[]): Promise<void> {
  const all = commands.flatMap((command) => ["-c", command]);
  const said = await peer("qemu-io", "-f", "raw", "-d", "unmap", "-t", "none", ...all, image);
  assert.doesNotMatch(said, /failed/i);
}

interface MapEntry {
  readonly start: number;
  readonly length: number;
  readonly data: boolean;
  readonly zero: boolean;
}

/** Which runs of the LUN have data, as GET LBA STATUS tells it. */
async function map(url: string): Promise<readonly (readonly [number, number, boolean])[]> {
  const json = await peer("qemu-img", "map", "-f", "raw", "--output=json", url);
  const entries: MapEntry[] = JSON.parse(json);
  return entries.map(({ start, length, data }) => [start, length, data]);
}

test(
  "what is discarded on a thin LUN reads as zeros and holds no data",
  { file: "mem:thin", size: "64M" },
  async (service) => {
    const url = service.url("t");
    assert.deepEqual(await map(url), [[0, 64 * MIB, false]]);
    await io(url, "write -P 0xa5 8M 16M", "read -P 0 0 8M", "read -P 0xa5 8M 16M");
    assert.deepEqual(await map(url), [
      [0, 8 * MIB, false],
      [8 * MIB, 16 * MIB, true],
      [24 * MIB, 40 * MIB, false],
    ]);
    await io(url, "discard 12M 4M", "write -z -u 20M 4M", "write -z 40M 1M");
    await io(url, "read -P 0xa5 8M 4M", "read -P 0 12M 4M", "read -P 0xa5 16M 4M");
    await io(url, "read -P 0 20M 44M");
    const runs = await map(url);
    assert.deepEqual(runs.slice(0, 5), [
      [0, 8 * MIB, false],
      [8 * MIB, 4 * MIB, true],
      [12 * MIB, 4 * MIB, false],
      [16 * MIB, 4 * MIB, true],
      [20 * MIB, runs[4]![1], false],
    ]);
  },
);

test(
  "physical blocks of 4096 octets: what is smaller than them and across them is right",
  { file: "disk.vhd", size: "64M", options: "--physical-block 4096 --sparse" },
  async (service) => {
    const url = service.url("t");
    await io(
      url,
      "write -P 1 0 64k",
      "write -P 2 512 512",
      "write -P 3 3584 1024",
      "write -P 4 7000 9000",
      "write -f -P 5 60k 512",
      "aio_write -P 6 32k 5k",
      "aio_write -P 7 37k 3584",
      "aio_flush",
    );
    await io(
      url,
      "read -P 1 0 512",
      "read -P 2 512 512",
      "read -P 1 1024 2560",
      "read -P 3 3584 1024",
      "read -P 1 4608 2392",
      "read -P 4 7000 9000",
      "read -P 1 16000 16768",
      "read -P 6 32k 5k",
      "read -P 7 37k 3584",
      "read -P 1 41472 19968",
      "read -P 5 60k 512",
      "read -P 1 61952 3584",
      "read -P 0 64k 64k",
    );
  },
);

/** What qemu asks for, and what is agreed on. */
const HEADER_DIGESTS = [
  ["crc32c", "CRC32C"],
  ["none", "None"],
  ["crc32c-none", "CRC32C"],
  ["none-crc32c", "None"],
] as const;

test(
  "logical blocks of 4096 octets: a random image comes back equal, and what is smaller is right",
  // Not thin: qemu 7.2 fails in an assertion of its own where it reads thin units of such blocks.
  { file: "disk.vhd", size: "256M", options: "--logical-block 4096" },
  async (service) => {
    const [source, back] = [service.sanctl.path("source.raw"), service.sanctl.path("back.raw")];
    await createRandomImage(source);
    const url = service.url("t");
    await peer("qemu-img", "convert", "-n", "-f", "raw", "-O", "raw", source, url);
    await peer("qemu-img", "convert", "-f", "raw", "-O", "raw", url, back);
    await assertSameFile(source, back);
    await io(url, "write -P 1 0 64k", "write -P 2 512 512", "write -f -P 3 8k 12k");
    await io(url, "read -P 1 0 512", "read -P 2 512 512", "read -P 1 1k 7k");
    await io(url, "read -P 3 8k 12k", "read -P 1 20k 44k");
  },
);

test(
  "header digests are agreed on as qemu wants them, and data comes through with all of them",
  { file: "mem:digests", size: "64M" },
  async (service) => {
    for (const [asked, agreed] of HEADER_DIGESTS) {
      const tap = new Wiretap(service.serving.portal);
      try {
        const image = imageOptions(tap.portal, { "header-digest": asked });
        const commands = ["-c", "write -P 0x3c 0 16M", "-c", "flush", "-c", "read -P 0x3c 0 16M"];
        const said = await peer("qemu-io", "--image-opts", ...commands, image);
        assert.match(said, /^read 16777216\/16777216 bytes/m);
        assert.doesNotMatch(said, /failed/i);
        assert.ok(tap.said.includes(`HeaderDigest=${agreed}\0`), asked);
      } finally {
        await tap.close();
      }
    }
  },
);
