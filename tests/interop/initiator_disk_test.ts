/**
 * `initiator disk`: remote disks made ready for use, where the kernel knows nothing of them. What
 * is on them afterwards is judged by the programs that everybody partitions and checks disks with.
 */
import assert from "node:assert/strict";
import type { DiskFacts } from "../../lib/initiator_service/disk_facts.ts";
import { type StartForeignTarget, startSanctl, startTgtd } from "../support/foreign_targets.ts";
import { checkFileSystem, judgeTable, probe } from "../support/judge_disk.ts";
import { NbdPeer } from "../support/nbd_peer.ts";
import { EXECUTABLE, type Requirement, requires } from "../support/requires.ts";
import { type Sanctl, withSanctl } from "../support/sanctl.ts";
import { peer } from "../support/peer.ts";

const MIB = 1 << 20;
const SIZE = 160 * MIB;

const FILE_SYSTEMS = ["ext4", "vfat", "ntfs", "exfat"] as const;
const TYPES = ["linux", "fat", "windows", "windows"] as const;

const JUDGES: readonly Requirement[] = [
  ...(["dist/sanctl", "sfdisk", "sgdisk", "parted", "blkid"] as const),
  ...FILE_SYSTEMS.map((name) => `mkfs.${name}` as const),
];

/** A disk that nothing on it was ever zero: what has to be zero must have been written. */
async function fillWithRubbish(path: string): Promise<void> {
  using image = await Deno.open(path, { write: true, create: true });
  const rubbish = new Uint8Array(MIB);
  for (let at = 0; at < MIB; at += 65_536) {
    crypto.getRandomValues(rubbish.subarray(at, at + 65_536));
  }
  for (let at = 0; at < SIZE; at += MIB) {
    for (let done = 0; done < MIB;) done += await image.write(rubbish.subarray(done));
  }
}

async function refused(
  sanctl: Sanctl,
  exitCode: number,
  line: string,
  text: RegExp,
): Promise<void> {
  const ran = await sanctl.run(line);
  assert.equal(ran.exitCode, exitCode, `${line}: ${ran.stderr}`);
  assert.match(ran.stderr, text);
}

/** A target with the disk, up for as long as `use` takes. */
async function withDisk(
  start: StartForeignTarget,
  use: (sanctl: Sanctl, url: string, image: string) => Promise<void>,
  judge: (image: string) => Promise<void>,
): Promise<void> {
  await withSanctl(async (sanctl) => {
    const image = sanctl.path("image");
    await fillWithRubbish(image);
    const directory = sanctl.path("target");
    await Deno.mkdir(directory);
    const target = await start({ image, directory });
    try {
      const url = `iscsi://127.0.0.1:${target.port}/${target.name}/${target.lun}`;
      await use(sanctl, url, image);
    } finally {
      await target.stop();
    }
    await judge(image);
  });
}

type Scheme = "gpt" | "mbr";

const TARGETS: readonly (readonly [string, StartForeignTarget, Scheme, ...Requirement[]])[] = [
  ["tgtd", startTgtd, "mbr", "tgtd"],
  ["sanctl", startSanctl, "gpt"],
];

for (const [name, start, scheme, ...needs] of TARGETS) {
  Deno.test({
    ...requires(...needs, ...JUDGES),
    name: `initiator disk: a disk of ${name} gets a ${scheme}, partitions and file systems, with ` +
      "which nobody finds a fault",
    async fn() {
      let facts: DiskFacts | undefined;
      await withDisk(start, async (sanctl, url) => {
        facts = await prepare(sanctl, url, scheme);
      }, async (image) => {
        const list = await judgeTable(image, scheme);
        assert.equal([...list.matchAll(/image\d /g)].length, 4, list);
        for (const [at, partition] of facts!.partitions.entries()) {
          const fileSystem = FILE_SYSTEMS[at]!;
          const known = await probe(image, partition);
          assert.match(known, new RegExp(`^TYPE=${fileSystem}$`, "m"));
          assert.match(known, new RegExp(`^LABEL=L${fileSystem}$`, "mi"));
          await checkFileSystem(image, partition, fileSystem);
        }
      });
    },
  });
}

async function prepare(sanctl: Sanctl, url: string, scheme: Scheme): Promise<DiskFacts> {
  const disk = "initiator disk";
  await refused(sanctl, 3, `${disk} init ${url} --${scheme}`, /holds data of a kind/);
  await sanctl.ok(`${disk} init ${url} --${scheme} --force`);
  const named = (name: string) => scheme === "gpt" ? `:${name}` : "";
  const adding = TYPES.map((type, at) =>
    `--add ${at === 3 ? "rest" : "30M"}:${type}${named(`p${at}`)}`
  );
  await sanctl.ok(`${disk} partition ${url} ${adding.join(" ")}`);
  await refused(sanctl, 3, `${disk} init ${url} --gpt`, /with 4 partitions\n {2}.*--force/);
  for (const [at, fileSystem] of FILE_SYSTEMS.entries()) {
    const format = `${disk} format ${url}:${at + 1} --fs ${fileSystem} --label L${fileSystem}`;
    await sanctl.ok(`${format} --force`);
    await refused(sanctl, 3, format, /holds a file system/);
  }
  await refused(sanctl, 3, `${disk} partition ${url} --delete 1`, /partition 1 holds ext4/);
  return await sanctl.facts<DiskFacts>(`${disk} show ${url}`);
}

Deno.test({
  ...requires(...JUDGES),
  name: "initiator disk: on blocks of 4096 octets too",
  fn: () =>
    withSanctl(async (sanctl) => {
      const image = sanctl.path("image");
      await fillWithRubbish(image);
      const disk = "initiator disk";
      await sanctl.ok(`${disk} init ${image} --gpt --logical-block 4096 --force`);
      await sanctl.ok(`${disk} partition ${image} --add 40M --add 40M:windows --add rest:fat`);
      for (const [at, fileSystem] of ["ext4", "ntfs", "vfat"].entries()) {
        await sanctl.ok(`${disk} format ${image}:${at + 1} --fs ${fileSystem} --force`);
      }
      await refused(sanctl, 1, `${disk} format ${image}:1 --fs exfat --force`, /blocks of 4096/);
      const { partitions, blockLength } = await sanctl.facts<DiskFacts>(`${disk} show ${image}`);
      assert.equal(blockLength, 4096);
      for (const [at, fileSystem] of ["ext4", "ntfs", "vfat"].entries()) {
        await checkFileSystem(image, partitions[at]!, fileSystem);
        assert.match(await probe(image, partitions[at]!), new RegExp(`TYPE=${fileSystem}`));
      }
      const words = ["-s", "-m", image, "unit", "B", "print"];
      const loop = (await peer("losetup", "-f", "--show", "-b", "4096", image)).trim();
      try {
        words[2] = loop;
        assert.match(await peer("parted", ...words), /:4096:4096:gpt:/);
        assert.match(await peer("sgdisk", "-v", loop), /No problems found/);
        await refused(sanctl, 3, `${disk} init ${image} --gpt --force`, /in use as \/dev\/loop/);
      } finally {
        await peer("losetup", "-d", loop);
      }
    }),
});

Deno.test({
  ...requires("nbdkit", "mkfs.ext4", "dist/sanctl"),
  name: "initiator disk: an interrupted format says what it leaves, and can be done again",
  fn: () =>
    withSanctl(async (sanctl) => {
      const slow = ["--filter=delay", "memory", "256M", "wdelay=200ms", "delay-trim=0"];
      let far = await NbdPeer.nbdkit(sanctl.path(""), slow);
      try {
        const args = ["initiator", "disk", "format", far.url, "--fs", "ext4"];
        const child = new Deno.Command(EXECUTABLE, {
          args,
          env: sanctl.environment,
          stdout: "null",
          stderr: "piped",
        }).spawn();
        await unfinished(sanctl, far.url);
        child.kill("SIGINT");
        const { code, stderr } = await child.output();
        const said = new TextDecoder().decode(stderr);
        assert.equal(code, 130, said);
        assert.match(said, /holds no file system now, and none of what it held: format it again/);
        const shown = await sanctl.ok(`initiator disk show ${far.url}`);
        assert.match(shown, /a format or copy that was not finished/);
        await sanctl.ok(`initiator disk format ${far.url} --fs ext4`);
        assert.match(await sanctl.ok(`initiator disk show ${far.url}`), /ext4/);
      } finally {
        await far.end("SIGKILL");
      }
      // The program is looked for before the disk is touched.
      far = await NbdPeer.nbdkit(sanctl.path(""), ["memory", "64M"]);
      try {
        const long = "initiator disk format " + far.url + " --fs vfat --label far-too-long-a-label";
        await refused(sanctl, 2, long, /too long for vfat/);
      } finally {
        await far.end("SIGKILL");
      }
    }),
});

/** Waits until a format has begun to write. */
async function unfinished(sanctl: Sanctl, url: string): Promise<void> {
  for (;;) {
    const { stdout } = await sanctl.run(`initiator disk show ${url}`);
    if (/not finished/.test(stdout)) return;
  }
}

Deno.test({
  ...requires("nbdkit", "dist/sanctl"),
  name: "initiator disk read and write: exactly what was done, whatever breaks",
  fn: () =>
    withSanctl(async (sanctl) => {
      const file = sanctl.path("far.img");
      await Deno.writeFile(file, new Uint8Array(16 * MIB));
      // Writes from 6 MiB on fail.
      const far = await NbdPeer.nbdkit(sanctl.path(""), [
        ...["eval", "get_size=echo 16M", "can_write=exit 0"],
        `pread=dd if=${file} skip=$4 count=$3 iflag=skip_bytes,count_bytes status=none`,
        "pwrite=[ $(( $4 + $3 )) -gt 6291456 ] && { echo 'EIO broken' >&2; exit 1; }; " +
        `dd of=${file} seek=$4 oflag=seek_bytes conv=notrunc status=none`,
      ]);
      try {
        const data = sanctl.path("data");
        const octets = Uint8Array.from({ length: 8 * MIB }, (_, at) => at % 251);
        await Deno.writeFile(data, octets);
        const write = `initiator disk write ${far.url} --input ${data}`;
        await refused(
          sanctl,
          1,
          `${write} --offset 1M`,
          /5242880 octets were written, from 1048576 up to 6291456 of .*\n.*--offset 6291456B/,
        );
        const there = (await Deno.readFile(file)).subarray(MIB, 6 * MIB);
        assert.deepEqual(there, octets.subarray(0, 5 * MIB));
        await refused(sanctl, 2, `${write} --offset 15M --force`, /has 8388608 octets, and /);
        await refused(sanctl, 2, `${write} --offset 17M --force`, /not all on/);
        const some = sanctl.path("some");
        await sanctl.ok(
          `initiator disk read ${far.url} --offset 1M --length 513B --output ${some}`,
        );
        assert.deepEqual(await Deno.readFile(some), octets.slice(0, 513));
        const first = `initiator disk read ${far.url} --offset 1M --length 100B`;
        assert.equal(await sanctl.ok(`${first} --output -`), await sanctl.ok(first));
        const into = await sanctl.facts<{ written: number }>(
          `initiator disk write ${far.url} --input ${some} --offset 3B --force`,
        );
        assert.equal(into.written, 513);
        assert.deepEqual(
          (await Deno.readFile(file)).subarray(3, 516),
          octets.subarray(0, 513),
        );
        await refused(sanctl, 3, write, /holds data of a kind/);
        await refused(sanctl, 2, `initiator disk read ${far.url} --json`, /--output/);
      } finally {
        await far.end("SIGKILL");
      }
    }),
});
