/** Clients that we did not write on our NBD server: libnbd, qemu, fio, and a file system. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { FileDevice } from "../../lib/block/file.ts";
import { MemoryDevice } from "../../lib/block/memory.ts";
import { Lifeline } from "../support/lifeline.ts";
import { type NbdServing, servingNbd } from "../support/nbd_serving.ts";
import { peer, runPeer } from "../support/peer.ts";
import { type Requirement, requires } from "../support/requires.ts";
import { programPath } from "../../scripts/peers.ts";

const MIB = 1 << 20;

/** A sparse file and memory of the same size, served side by side. */
function test(
  name: string,
  needs: readonly Requirement[],
  fn: (serving: NbdServing, path: string) => Promise<void>,
): void {
  Deno.test({
    name: `nbd server: ${name}`,
    ...requires(...needs),
    async fn() {
      const path = await Deno.makeTempFile({ prefix: "sanctl-test-" });
      await Deno.truncate(path, 128 * MIB);
      const file = await FileDevice.open(path, { sparse: true });
      const memory = new MemoryDevice(128 * MIB);
      const devices = { file, memory, "ro": new MemoryDevice(MIB) };
      try {
        await servingNbd(devices, (serving) => fn(serving, path));
      } finally {
        await file.close();
        await Deno.remove(path);
      }
    },
  });
}

interface NbdInfo {
  readonly exports: readonly Record<string, unknown>[];
}

test("nbdinfo lists every export with what it can do", ["nbdinfo"], async ({ unix, tcp }) => {
  for (const uri of [unix(""), tcp("")]) {
    const { exports } = JSON.parse(await peer("nbdinfo", "--list", "--json", uri)) as NbdInfo;
    assert.deepEqual(exports.map((it) => it["export-name"]), ["file", "memory", "ro"]);
    const [file, , readOnly] = exports;
    for (
      const ability of ["flush", "fua", "df", "trim", "zero", "fast_zero", "cache", "multi_conn"]
    ) {
      assert.equal(file![`can_${ability}`], true, ability);
    }
    assert.equal(file!["export-size"], 128 * MIB);
    assert.equal(file!["block_size_maximum"], 32 * MIB);
    assert.deepEqual(file!["contexts"], ["base:allocation"]);
    assert.equal(readOnly!["is_read_only"], true);
    assert.equal(readOnly!["can_trim"], false);
  }
  const size = await peer("nbdinfo", "--size", unix("memory"));
  assert.equal(Number(size), 128 * MIB);
  const { exitCode, stderr } = await runPeer("nbdinfo", [unix("none")]);
  assert.notEqual(exitCode, 0);
  assert.match(stderr, /No such file or directory for export: none/);
});

/** A file with data here and there, whose octets all differ. */
async function makeImage(path: string): Promise<void> {
  using image = await Deno.open(path, { create: true, write: true });
  await image.truncate(128 * MIB);
  const piece = new Uint8Array(65_536);
  for (const at of [0, 5 * MIB + 512, 77 * MIB, 128 * MIB - piece.length]) {
    await image.seek(at, Deno.SeekMode.Start);
    await image.write(crypto.getRandomValues(piece));
  }
}

test("nbdcopy brings images in and out, sparse on both sides", ["nbdcopy", "nbdinfo"], async (
  { folder, unix, tcp },
  path,
) => {
  const image = join(folder, "image");
  await makeImage(image);
  for (const uri of [unix("file"), tcp("memory")]) {
    await peer("nbdcopy", image, uri);
    const back = join(folder, "back");
    await peer("nbdcopy", uri, back);
    await peer("cmp", image, back);
    const { blocks } = await Deno.stat(back);
    assert.ok(blocks! * 512 < 4 * MIB, "holes came back as holes");
    await Deno.remove(back);
    const map = JSON.parse(await peer("nbdinfo", "--map", "--json", uri)) as { type: number }[];
    assert.deepEqual(new Set(map.map(({ type }) => type)), new Set([0, 3]));
  }
  assert.ok((await Deno.stat(path)).blocks! * 512 < 4 * MIB, "holes went in as holes");
});

test("qemu-img converts, compares and maps", ["qemu-img", "nbdinfo"], async (
  { folder, unix, tcp },
) => {
  const image = join(folder, "image");
  await makeImage(image);
  for (const uri of [tcp("file"), unix("memory")]) {
    await peer("qemu-img", "convert", "-n", "-f", "raw", "-O", "raw", image, uri);
    const compared = await peer("qemu-img", "compare", "-f", "raw", "-F", "raw", image, uri);
    assert.match(compared, /identical/);
    const map = await peer("qemu-img", "map", "-f", "raw", "--output=json", uri);
    const runs = JSON.parse(map) as { zero: boolean }[];
    assert.ok(runs.length >= 7 && runs.some(({ zero }) => zero));
  }
});

test("qemu-io reads back what it wrote, zeroed and discarded", ["qemu-io"], async (
  { unix, tcp },
  path,
) => {
  const commands = [
    "write -P 3 1000 5000",
    "read -P 3 1000 5000",
    "aio_write -P 4 1M 20M",
    "aio_flush",
    "write -f -P 5 2M 64k", // FUA
    "read -P 5 2M 64k",
    "write -z 4M 1M", // must stay provisioned
    "write -z -u 6M 8M",
    "read -P 0 4M 1M",
    "read -P 0 6M 8M",
    "read -P 4 14M 1M",
    "discard 14M 1M",
    "flush",
  ];
  for (const uri of [unix("file"), tcp("memory")]) {
    const args = ["-f", "raw", ...commands.flatMap((each) => ["-c", each]), uri];
    const said = await peer("qemu-io", ...args);
    assert.doesNotMatch(said, /fail|error/i);
  }
  const { blocks } = await Deno.stat(path);
  assert.ok(blocks! * 512 < 13 * MIB, "what was unmapped gave its space back");
  const refused = await runPeer("qemu-io", ["-r", "-f", "raw", "-c", "write 0 512", unix("ro")]);
  assert.match(refused.stdout + refused.stderr, /read-only|Operation not permitted/);
});

test("fio finds every block as it wrote it, in every size", ["fio"], async ({ unix, tcp }) => {
  for (const uri of [unix("file"), tcp("file"), tcp("memory")]) {
    const said = await peer(
      "fio",
      ..."--name=v --ioengine=nbd --rw=randwrite --bsrange=512-256k --iodepth=16".split(" "),
      ..."--size=96m --verify=crc32c --verify_fatal=1 --fsync=64 --output-format=json".split(" "),
      "--verify_state_save=0", // no file of it is left behind
      `--uri=${uri}`,
    );
    const { jobs } = JSON.parse(said.slice(said.indexOf("{"))) as { jobs: { error: number }[] };
    assert.deepEqual(jobs.map(({ error }) => error), [0]);
  }
});

test("ext4 made and used through nbdfuse passes fsck, there and in the file", [
  "nbdfuse",
  "mkfs.ext4",
  "root",
], async ({ folder, unix, server }, path) => {
  const mount = join(folder, "mount");
  await Deno.mkdir(mount);
  const args = [join(mount, "disk"), unix("file")];
  const fuse = new Deno.Command(programPath("nbdfuse")!, { args }).spawn();
  const lifeline = new Lifeline(fuse.pid);
  try {
    const disk = await appearing(join(mount, "disk"));
    await peer("mkfs.ext4", "-q", "-F", disk);
    await peer("debugfs", "-w", "-R", `write ${programPath("debugfs")} there`, disk);
    await peer("e2fsck", "-fn", disk);
    await peer("debugfs", "-R", `dump there ${folder}/back`, disk);
    await peer("cmp", programPath("debugfs")!, `${folder}/back`);
  } finally {
    await peer("umount", mount);
    await fuse.status;
    await lifeline.cut();
  }
  await server.close({ drainMs: 1000 });
  await peer("e2fsck", "-fn", path);
});

/** The path, once there is something at it. */
async function appearing(path: string): Promise<string> {
  for (let i = 0; i < 500; i++) {
    try {
      await Deno.stat(path);
      return path;
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    }
    await new Promise((then) => setTimeout(then, 10));
  }
  throw new Error(`there is no ${path}`);
}
