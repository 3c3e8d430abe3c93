/**
 * What anybody who reaches a portal can do to the service, and what those who use it notice of it.
 */
import assert from "node:assert/strict";
import { Opcode } from "../../lib/iscsi/opcode.ts";
import { Status } from "../../lib/scsi/status.ts";
import { FuzzPeer, isGone, STAGES } from "../fuzz/fuzz_peer.ts";
import { cdb, Op } from "../support/block_commands.ts";
import { Chance } from "../support/chance.ts";
import { note } from "../support/note.ts";
import { requires } from "../support/requires.ts";
import { type Sanctl, withSanctl } from "../support/sanctl.ts";
import { chooseSeed } from "../support/seeded_random.ts";
import { iqn, type Service, withService } from "../support/service.ts";
import { whileServing } from "../support/serving.ts";
import { logIn, type TcpInitiator } from "../support/tcp_initiator.ts";

const BLOCK = 512;
const MIB = 1 << 20;
const LOAD_BLOCKS = 256;
const HOST = "iqn.2026-01.org.example:good";

/** What the service may take besides what it took at rest. */
const MOST_GROWTH = 256 * MIB;

const DECLARATION = {
  targets: {
    good: [{ file: "good.vhd", size: "16M" }],
    scratch: [{ file: "mem:scratch", size: "64K" }, {
      file: "mem:kept",
      size: "64K",
      readOnly: true,
    }],
    slow: [{ file: "mem:slow", size: "8M" }],
  },
} as const;

/** Writes, reads and compares for as long as it is wanted; an error ends it. */
class VerifiedLoad {
  readonly #initiator: TcpInitiator;
  readonly #chance: Chance;
  readonly #done: Promise<void>;
  #isOver = false;
  count = 0;
  longestMs = 0;

  constructor(initiator: TcpInitiator, chance: Chance) {
    this.#initiator = initiator;
    this.#chance = chance;
    this.#done = this.#run();
    this.#done.catch(() => undefined); // told by `end`
  }

  /** Resolves when all is well to the end. */
  async end(): Promise<void> {
    this.#isOver = true;
    await this.#done;
    this.#initiator.stream.close();
  }

  async #run(): Promise<void> {
    const model = new Uint8Array(LOAD_BLOCKS * BLOCK);
    while (!this.#isOver) {
      const blocks = this.#chance.between(1, 32);
      const lba = this.#chance.below(LOAD_BLOCKS - blocks);
      const data = this.#chance.octets(blocks * BLOCK);
      const startMs = performance.now();
      await this.#good({
        cdb: cdb(Op.WRITE_10, lba, blocks),
        write: true,
        length: data.length,
        data,
      });
      model.set(data, lba * BLOCK);
      const read = { cdb: cdb(Op.READ_10, 0, LOAD_BLOCKS), read: true, length: model.length };
      assert.deepEqual(await this.#good(read), model, "what the load wrote");
      this.longestMs = Math.max(this.longestMs, performance.now() - startMs);
      this.count++;
    }
  }

  async #good(command: Parameters<TcpInitiator["run"]>[0]): Promise<Uint8Array> {
    const { status, data } = await this.#initiator.run(command, command.data);
    assert.equal(status, Status.GOOD, "the status of the load");
    return data;
  }
}

let connectionCount = 0;

function connect(service: Service): Promise<Deno.TcpConn> {
  connectionCount++;
  const { portal } = service.serving;
  const at = portal.lastIndexOf(":");
  return Deno.connect({ hostname: portal.slice(0, at), port: Number(portal.slice(at + 1)) });
}

/** Malformed PDUs at every stage, from several connections at once. */
async function sendNonsense(service: Service, chance: Chance, count: number): Promise<void> {
  let left = count;
  const attackers = Array.from({ length: 8 }, async () => {
    for (let i = left--; i > 0; i = left--) {
      const peer = new FuzzPeer(await connect(service), chance);
      await peer.run(STAGES[i % STAGES.length]!, {
        initiatorName: `iqn.2026-01.org.example:fuzz.${chance.below(4)}`,
        targetName: iqn("scratch"),
      });
      assert.deepEqual(peer.checker.wrongs, []);
    }
  });
  await Promise.all(attackers);
}

/** Sessions that ask for 100 MiB each, and read nothing of it. */
async function askAndNotRead(service: Service, count: number): Promise<TcpInitiator[]> {
  const peers: TcpInitiator[] = [];
  for (let i = 0; i < count; i++) {
    const names = { InitiatorName: `${HOST}.slow${i}`, TargetName: iqn("slow") };
    const peer = await logIn(service.serving.portal, names);
    peers.push(peer);
    for (let j = 0; j < 100; j++) {
      await peer.command({ cdb: cdb(Op.READ_10, 0, MIB / BLOCK), read: true, length: MIB });
    }
  }
  return peers;
}

/** Connections that say nothing, or begin a login and say no more. */
async function comeAndStay(service: Service, count: number): Promise<Deno.TcpConn[]> {
  const header = new Uint8Array(48);
  header[0] = 0x40 | Opcode.LOGIN_REQUEST;
  new DataView(header.buffer).setUint16(6, 8192);
  const connections: Deno.TcpConn[] = [];
  for (let i = 0; i < count; i++) {
    const connection = await connect(service);
    connections.push(connection);
    if (i % 3 > 0) await connection.write(header.subarray(0, i % 3 === 1 ? 20 : 48)).catch(ignore);
  }
  return connections;
}

function ignore(): void {}

/** Resolves when the other side has closed. */
async function closed(connection: Deno.TcpConn): Promise<void> {
  try {
    const octets = new Uint8Array(1024);
    while (await connection.read(octets) !== null) { /* what is answered before */ }
  } catch (error) {
    if (!isGone(error)) throw error;
  }
}

/** Who never finishes its login is let go after 15 seconds, whatever others do. */
async function outlastSilence(service: Service, chance: Chance): Promise<void> {
  const silent = await comeAndStay(service, 60);
  const startMs = performance.now();
  let isOver = false;
  const allClosed = Promise.all(silent.map(closed)).then(() => isOver = true);
  while (!isOver) {
    await sendNonsense(service, chance, 40);
    await Promise.race([allClosed, new Promise((resolve) => setTimeout(resolve, 200))]);
  }
  const seconds = (performance.now() - startMs) / 1000;
  assert.ok(seconds > 10 && seconds < 25, `they were kept for ${seconds} s`);
  for (const connection of silent) connection.close();
}

async function logInAndOut(service: Service): Promise<number> {
  const startMs = performance.now();
  const names = { InitiatorName: `${HOST}.second`, TargetName: iqn("good") };
  const initiator = await logIn(service.serving.portal, names);
  initiator.stream.close();
  return performance.now() - startMs;
}

interface Watched {
  readonly peak: number;
}

/** The most memory that the service takes while `work` goes on. */
async function watchMemory(service: Service, work: () => Promise<void>): Promise<Watched> {
  let peak = 0;
  const look = (): void => {
    peak = Math.max(peak, service.residentMemory);
  };
  const timer = setInterval(look, 100);
  try {
    await work();
    look();
  } finally {
    clearInterval(timer);
  }
  return { peak };
}

/** One line at most for each connection, and none of a fault of our own. */
function checkLog(log: string): void {
  const lines = log.split("\n");
  assert.deepEqual(lines.filter((line) => /Z error /.test(line)), []);
  const warnings = lines.filter((line) => /Z warn /.test(line));
  assert.ok(warnings.length <= connectionCount, `${warnings.length} lines of warning`);
  const explained = / warn +protocol error reason=.+ peer=127\.0\.0\.1:\d+/;
  assert.ok(warnings.some((line) => explained.test(line)), "who did what is told");
  assert.ok(log.length < 2 * MIB, `${log.length} octets of log`);
}

Deno.test({
  name: "B-07 B-15 B-16 B-29: nonsense, floods and peers that do not read disturb nobody else",
  ...requires("dist/sanctl"),
  async fn() {
    const seed = chooseSeed();
    note(`hostile peers: SANCTL_TEST_SEED=${seed}`);
    const chance = new Chance(seed);
    let log = "";
    await withService(DECLARATION, async (service) => {
      const names = { InitiatorName: HOST, TargetName: iqn("good") };
      const initiator = await logIn(service.serving.portal, names);
      const atRest = service.residentMemory;
      const load = new VerifiedLoad(initiator, chance);
      const { peak } = await watchMemory(service, async () => {
        await sendNonsense(service, chance, 1500);
        const slow = await askAndNotRead(service, 40);
        for (let round = 0; round < 6; round++) {
          const flood = await comeAndStay(service, 400);
          const tookMs = await logInAndOut(service);
          assert.ok(tookMs < 2000, `a login took ${tookMs} ms during the flood`);
          for (const connection of flood) connection.close();
        }
        await sendNonsense(service, chance, 500);
        for (const peer of slow) peer.stream.close();
        await outlastSilence(service, chance);
      });
      await load.end();
      assert.ok(load.count > 100, `${load.count} rounds of the load`);
      assert.ok(load.longestMs < 2000, `a round of the load took ${load.longestMs} ms`);
      const growth = peak - atRest;
      note(
        `hostile peers: ${connectionCount} connections, ${load.count} rounds of a verified load ` +
          `beside them, the longest ${Math.round(load.longestMs)} ms, memory grew by ` +
          `${Math.round(growth / MIB)} MiB`,
      );
      assert.ok(growth < MOST_GROWTH, `it grew by ${Math.round(growth / MIB)} MiB`);
      log = await service.stop();
    });
    checkLog(log);
  },
});

/** A fixed VHD of 1 MiB as the service makes it, for others to be made of. */
async function fixedVhd(sanctl: Sanctl): Promise<Uint8Array> {
  await sanctl.ok("disk create {}/good.vhd --size 1M");
  await sanctl.ok("disk remove good --yes");
  return await Deno.readFile(sanctl.path("good.vhd"));
}

/** Where a footer has the disk type, and its checksum. */
const DISK_TYPE_AT = 60;
const CHECKSUM_AT = 64;

/** A fixed VHD has none of what the other types say more of themselves by. */
const NO_HEADER = /its header should be at \d+, behind the end of the file/;

/** The image with another octet in its footer, and the checksum that goes with it. */
function withFooterOctet(image: Uint8Array, at: number, value: number): Uint8Array {
  const changed = image.slice();
  const footer = changed.subarray(changed.length - 512);
  footer[at] = value;
  const view = new DataView(footer.buffer, footer.byteOffset);
  view.setUint32(CHECKSUM_AT, 0);
  view.setUint32(CHECKSUM_AT, ~footer.reduce((sum, octet) => sum + octet, 0) >>> 0);
  return changed;
}

Deno.test({
  name: "B-31: files that are damaged or of another kind are not imported, and why is said",
  ...requires("dist/sanctl"),
  fn: () =>
    withSanctl(async (sanctl) => {
      const image = await fixedVhd(sanctl);
      const damaged = image.slice();
      damaged[damaged.length - 512 + 48]! ^= 1; // the size, behind the checksum's back
      const files: readonly (readonly [name: string, octets: Uint8Array, reason: RegExp])[] = [
        ["empty.img", new Uint8Array(0), /empty/],
        ["some.qcow2", Uint8Array.of(0x51, 0x46, 0x49, 0xfb, 0, 0, 0, 3), /qcow2.*qemu-img/],
        ["some.vhdx", new TextEncoder().encode("vhdxfile".padEnd(4096, "\0")), /VHDX/],
        ["dynamic.vhd", withFooterOctet(image, DISK_TYPE_AT + 3, 3), NO_HEADER],
        ["child.vhd", withFooterOctet(image, DISK_TYPE_AT + 3, 4), NO_HEADER],
        ["strange.vhd", withFooterOctet(image, DISK_TYPE_AT + 3, 9), /type/],
        ["damaged.vhd", damaged, /checksum/],
        ["cut.vhd", image.slice(512 * 100), /cut\.vhd/],
      ];
      await whileServing(sanctl, async () => {
        for (const [name, octets, reason] of files) {
          await Deno.writeFile(sanctl.path(name), octets);
          const { exitCode, stdout, stderr } = await sanctl.run(`disk import {}/${name}`);
          assert.ok([1, 2].includes(exitCode), `${name}: exit code ${exitCode}: ${stderr}`);
          assert.match(stderr, reason, name);
          assert.ok(stderr.trimEnd().split("\n").length <= 2, `${name}: ${stderr}`);
          assert.equal(stdout, "");
          assert.deepEqual(await Deno.readFile(sanctl.path(name)), octets, "it is left as it was");
        }
        assert.equal((await sanctl.run("disk import {}")).exitCode === 0, false, "a folder");
        assert.deepEqual(await sanctl.facts("disk list"), []);
      });
    }),
});
