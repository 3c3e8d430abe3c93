/** Our NBD client on servers that we did not write: nbdkit and qemu-nbd, good, bad and slow. */
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { join } from "node:path";
import fc from "fast-check";
import type { BlockDevice } from "../../lib/block/device.ts";
import { parseNbdUrl } from "../../lib/nbd/address.ts";
import { DEFAULT_LIMITS } from "../../lib/nbd/client/limits.ts";
import { NbdDevice } from "../../lib/nbd/client/nbd_device.ts";
import { withScratch } from "../support/executable.ts";
import { NbdPeer } from "../support/nbd_peer.ts";
import { note } from "../support/note.ts";
import { peer } from "../support/peer.ts";
import { type Requirement, requires } from "../support/requires.ts";
import { Chance } from "../support/chance.ts";
import { chooseSeed } from "../support/seeded_random.ts";
import { DeviceModel, pattern, steps } from "../unit/block/device_model.ts";

const MIB = 1 << 20;

interface Server {
  readonly name: string;
  readonly needs: Requirement;
  start(folder: string): Promise<NbdPeer>;
}

function nbdkit(name: string, ...words: string[]): Server {
  return {
    name: `nbdkit ${name}`,
    needs: "nbdkit",
    async start(folder) {
      const path = join(folder, "disk");
      await Deno.writeFile(path, new Uint8Array(0));
      await Deno.truncate(path, MIB);
      return await NbdPeer.nbdkit(folder, [...words.map((word) => word.replace("{}", path))]);
    },
  };
}

function qemuNbd(format: string): Server {
  return {
    name: `qemu-nbd with ${format}`,
    needs: "qemu-nbd",
    async start(folder) {
      const path = join(folder, "disk");
      await peer("qemu-img", "create", "-q", "-f", format, path, "1M");
      return await NbdPeer.qemuNbd(folder, ["-f", format, "--discard=unmap", path]);
    },
  };
}

const BLOCKS = "blocksize-minimum=4096 blocksize-preferred=4096 blocksize-maximum=64K";
const SERVERS: readonly Server[] = [
  nbdkit("file", "file", "{}"),
  nbdkit("memory", "memory", "1M"),
  nbdkit("without structured replies", "--no-sr", "memory", "1M"),
  nbdkit("as it once was, of the old newstyle", "--mask-handshake=0", "memory", "1M"),
  nbdkit("of the oldest handshake that it has", "--mask-handshake=1", "memory", "1M"),
  nbdkit(
    "with blocks of 4,096",
    "--filter=blocksize-policy",
    "file",
    "{}",
    ...BLOCKS.split(" "),
    "blocksize-error-policy=error",
  ),
  nbdkit("without zeroing", "--filter=nozero", "memory", "1M"),
  nbdkit("that flushes at every write", "--filter=fua", "file", "{}", "fuamode=force"),
  nbdkit("with one connection", "--filter=multi-conn", "file", "{}", "multi-conn-mode=disable"),
  nbdkit("that answers late", "--filter=delay", "file", "{}", "rdelay=1ms", "wdelay=1ms"),
  qemuNbd("raw"),
  qemuNbd("qcow2"),
];

async function onServer(
  server: Server,
  use: (device: BlockDevice, at: NbdPeer) => Promise<void>,
  patienceMs = DEFAULT_LIMITS.patienceMs,
): Promise<void> {
  await withScratch(async (folder) => {
    const at = await server.start(folder);
    try {
      const limits = { ...DEFAULT_LIMITS, patienceMs };
      await use(await NbdDevice.open(parseNbdUrl(at.url), { limits }), at);
    } finally {
      await at.end();
    }
  });
}

/** The client's timers do not: a service has others to live for. */
function keepingAwake(): Disposable {
  const timer = setInterval(() => undefined, 1000);
  return { [Symbol.dispose]: () => clearInterval(timer) };
}

for (const server of SERVERS) {
  Deno.test({
    name: `nbd client: ${server.name} equals plain octets`,
    ...requires(server.needs, "qemu-img"),
    fn: () =>
      onServer(server, async (device) => {
        const model = new DeviceModel(device);
        const asked = fc.sample(steps(MIB, 1, 200_000), { numRuns: 12, seed: chooseSeed() });
        for (const step of asked.flat()) await model.apply(step);
        await model.checkAll();
        await device.close();
      }),
  });
}

Deno.test({
  name: "nbd client: what nbdkit makes fail is told, and what succeeds is right",
  ...requires("nbdkit"),
  fn: () =>
    onServer(
      nbdkit("with errors", "--filter=error", "memory", "1M", "error=EIO", "error-rate=20%"),
      async (device) => {
        const chance = new Chance(chooseSeed());
        const octets = new Uint8Array(MIB);
        // What a failed write has left is nobody's to know.
        const unknown = new Set<number>();
        let failures = 0;
        for (let i = 0; i < 400; i++) {
          const sector = chance.below(2000);
          const data = chance.octets(512);
          try {
            if (chance.in100(50)) {
              await device.write(sector * 512, data, 0, 512);
              octets.set(data, sector * 512);
              unknown.delete(sector);
            } else {
              await device.read(sector * 512, data, 0, 512);
              const wanted = octets.subarray(sector * 512, sector * 512 + 512);
              if (!unknown.has(sector)) assert.deepEqual(data, wanted);
            }
          } catch (error) {
            assert.equal((error as { kind?: string }).kind, "medium");
            failures++;
            unknown.add(sector);
          }
        }
        assert.ok(failures > 20 && failures < 200, `${failures} of 400 failed`);
        await device.close().catch(() => undefined);
      },
    ),
});

Deno.test({
  name: "nbd client: a server that is killed and started again costs no error and no octet",
  ...requires("nbdkit"),
  fn: () =>
    onServer(nbdkit("file", "file", "{}"), async (device, at) => {
      const chance = new Chance(chooseSeed());
      const octets = new Uint8Array(MIB);
      let isOver = false;
      let writes = 0;
      const writer = async (lane: number) => {
        while (!isOver) {
          const sector = lane * 256 + chance.below(250);
          const data = chance.octets(512 * chance.between(1, 6));
          await device.write(sector * 512, data, 0, data.length);
          octets.set(data, sector * 512);
          const back = new Uint8Array(data.length);
          await device.read(sector * 512, back, 0, back.length);
          assert.equal(Buffer.compare(back, data), 0);
          writes++;
        }
      };
      const writers = [0, 1, 2, 3, 4, 5, 6, 7].map(writer);
      for (let round = 0; round < 8; round++) {
        await at.end("SIGKILL");
        await at.start();
        const before = writes;
        while (writes < before + 20) await new Promise((then) => setTimeout(then, 5));
      }
      isOver = true;
      await Promise.all(writers);
      await device.flush();
      const back = new Uint8Array(MIB);
      await device.read(0, back, 0, MIB);
      assert.equal(Buffer.compare(back, octets), 0);
      await device.close();
      note(
        `nbd client: 8 kills of nbdkit under ${writes} verified writes, no error, no octet wrong`,
      );
    }),
});

Deno.test({
  name: "nbd client: reads by the dozen pass each other at a slow server",
  ...requires("nbdkit"),
  fn: () =>
    onServer(
      nbdkit("slow", "--filter=delay", "memory", "1M", "rdelay=100ms"),
      async (device) => {
        const startMs = performance.now();
        const reads = Array.from({ length: 64 }, (_, i) => {
          return device.read(i * 512, new Uint8Array(512), 0, 512);
        });
        await Promise.all(reads);
        const tookMs = performance.now() - startMs;
        // nbdkit has 16 threads a connection.
        assert.ok(tookMs < 64 * 100 / 4, `${tookMs} ms`);
        await device.close();
      },
    ),
});

Deno.test({
  name: "nbd client: what it wrote into a qcow2 is there, and the image is whole",
  ...requires("qemu-nbd", "qemu-img"),
  fn: () =>
    withScratch(async (folder) => {
      const path = join(folder, "disk");
      await peer("qemu-img", "create", "-q", "-f", "qcow2", path, "64M");
      const at = await NbdPeer.qemuNbd(folder, ["-f", "qcow2", "--discard=unmap", path]);
      try {
        const device = await NbdDevice.open(parseNbdUrl(at.url));
        const octets = pattern(8 * MIB, 5);
        await device.write(5 * MIB + 512, octets, 0, octets.length);
        await device.unmap(7 * MIB, 2 * MIB);
        const runs = await device.extents(0, 64 * MIB, 100);
        assert.ok(runs.some(({ mapped }) => mapped) && runs.some(({ mapped }) => !mapped));
        await device.close();
      } finally {
        await at.end();
      }
      assert.match(await peer("qemu-img", "check", path), /No errors/);
    }),
});

Deno.test({
  name: "nbd client: a server that stays away is an error in time, and welcome when it is back",
  ...requires("nbdkit"),
  fn: () =>
    onServer(nbdkit("file", "file", "{}"), async (device, at) => {
      using _awake = keepingAwake();
      await device.write(0, pattern(512, 1), 0, 512);
      await at.end("SIGKILL"); // else it would wait for us
      const failed = device.read(0, new Uint8Array(512), 0, 512);
      await assert.rejects(failed, { name: "DeviceError", kind: "gone" });
      await at.start();
      for (let i = 0; device.trouble !== undefined && i < 1000; i++) {
        await new Promise((then) => setTimeout(then, 10));
      }
      const into = new Uint8Array(512);
      await device.read(0, into, 0, 512);
      assert.deepEqual(into, pattern(512, 1));
      await device.close();
    }, 300),
});
