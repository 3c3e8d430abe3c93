/**
 * F3, B-20 with the executable: the way to an honest target is bent, and what the initiator's
 * service and its commands make of that is what the target holds, or an error that says what was
 * wrong.
 */
import assert from "node:assert/strict";
import { RequestType } from "../../lib/nbd/messages/request.ts";
import type { InitiatorDeviceFacts } from "../../lib/initiator_service/control.ts";
import { BendingPortal } from "../fuzz/bending_portal.ts";
import { Chance } from "../support/chance.ts";
import { InitiatorServing } from "../support/initiator_serving.ts";
import { note } from "../support/note.ts";
import { RawNbdClient } from "../support/raw_nbd_client.ts";
import { requires } from "../support/requires.ts";
import type { Sanctl } from "../support/sanctl.ts";
import { chooseSeed } from "../support/seeded_random.ts";
import { iqn, type Service, withService } from "../support/service.ts";

/** `SANCTL_FUZZ_SERVICE_SECONDS=n` makes it longer. */
const SECONDS = Number(Deno.env.get("SANCTL_FUZZ_SERVICE_SECONDS") ?? 5);
const COMMANDS = Number(Deno.env.get("SANCTL_FUZZ_COMMANDS") ?? 16);

const TARGETS = ["a", "b", "c", "d"];
const DISK_LENGTH = 1 << 20;
const BLOCK = 4096;
const BLOCKS = DISK_LENGTH / BLOCK;
const MOST_BLOCKS = 16;
const MOST_GROWTH = 192 << 20;
/** What no message to a person holds: a fault of ours, or what only the system knows. */
const NO_MESSAGE =
  /TypeError|RangeError|AssertionError|Uncaught|unhandled|\n +at |os error|NaN|did not foresee/i;

Deno.test({
  name: "F3 B-20: a service whose targets are bent reads and writes what it should, or fails",
  ...requires("dist/sanctl"),
  fn: () =>
    withBentTargets(async ({ service, portals, chance }) => {
      const { sanctl } = service;
      const initiator = await InitiatorServing.start(sanctl);
      let log = "";
      try {
        const loads = await attachAll(sanctl, portals, chance);
        const atRest = initiator.residentMemory;
        for (const portal of portals) portal.malice = 10;
        const endMs = performance.now() + SECONDS * 1000;
        await Promise.all(loads.map((load) => load.run(endMs)));
        const growth = initiator.residentMemory - atRest;
        for (const portal of portals) portal.malice = 0;
        for (const load of loads) await load.close();
        tell(portals, loads, growth);
        assert.ok(growth < MOST_GROWTH, `its memory grew by ${growth >> 20} MiB`);
      } finally {
        ({ log } = await initiator.end());
      }
      assert.doesNotMatch(log, NO_MESSAGE);
    }),
});

/** A memory disk behind each target, and a way to each that can be bent. */
async function withBentTargets(
  use: (world: {
    readonly service: Service;
    readonly portals: readonly BendingPortal[];
    readonly chance: Chance;
  }) => Promise<void>,
): Promise<void> {
  const seed = chooseSeed();
  const chance = new Chance(seed);
  const disks = TARGETS.map((name) => [name, [{ file: `mem:${name}`, size: "1M" }]] as const);
  await withService({ targets: Object.fromEntries(disks) }, async (service) => {
    const { portal } = service.serving;
    const port = Number(portal.slice(portal.lastIndexOf(":") + 1));
    const portals = TARGETS.map(() => new BendingPortal(port, new Chance(chance.u32())));
    try {
      await use({ service, portals, chance });
    } catch (error) {
      throw new Error(`with SANCTL_TEST_SEED=${seed}`, { cause: error });
    } finally {
      for (const each of portals) await each.stop();
    }
  });
}

/** Logs in to each target through its own portal, and attaches its disk. */
async function attachAll(
  sanctl: Sanctl,
  portals: readonly BendingPortal[],
  chance: Chance,
): Promise<Load[]> {
  const loads: Load[] = [];
  for (const [i, { address }] of portals.entries()) {
    const digests = "--header-digest --data-digest";
    await sanctl.ok(`initiator login ${iqn(TARGETS[i]!)} --portal ${address} ${digests}`);
    await sanctl.ok(`initiator attach ${TARGETS[i]}/0 --way url`);
  }
  for (const { attached } of await sanctl.facts<InitiatorDeviceFacts[]>("initiator devices")) {
    loads.push(await Load.begin(attached!.url, new Chance(chance.u32())));
  }
  return loads;
}

function tell(portals: readonly BendingPortal[], loads: readonly Load[], growth: number): void {
  const sum = <T>(all: readonly T[], count: (each: T) => number) =>
    all.reduce((total, each) => total + count(each), 0);
  const done = sum(loads, (load) => load.doneCount);
  const sessions = sum(portals, ({ connectionCount }) => connectionCount);
  note(
    `a service before hostile targets: ${sum(portals, ({ pduCount }) => pduCount)} PDUs, ` +
      `${sum(portals, ({ bentCount }) => bentCount)} of them bent, ${sessions} sessions, ` +
      `${done} requests done and ${sum(loads, (load) => load.failedCount)} failed, ` +
      `memory grew by ${growth >> 20} MiB`,
  );
  assert.ok(done > loads.length * 10, "much was done");
  assert.ok(sessions > loads.length, "sessions were lost, and had anew");
}

/** Writes and reads a device, and knows what each block may hold. */
class Load {
  doneCount = 0;
  failedCount = 0;
  readonly #client: RawNbdClient;
  readonly #chance: Chance;
  /** What was written last, and what a write that failed may have left; 0: nothing yet. */
  readonly #stamps: Set<number>[] = Array.from({ length: BLOCKS }, () => new Set([0]));

  private constructor(client: RawNbdClient, chance: Chance) {
    this.#client = client;
    this.#chance = chance;
  }

  static async begin(url: string, chance: Chance): Promise<Load> {
    const { pathname, searchParams } = new URL(url);
    const path = searchParams.get("socket")!;
    const client = new RawNbdClient(await Deno.connect({ transport: "unix", path }));
    await client.enter(decodeURIComponent(pathname.slice(1)));
    return new Load(client, chance);
  }

  async run(endMs: number): Promise<void> {
    while (performance.now() < endMs) {
      const count = this.#chance.between(1, MOST_BLOCKS);
      const first = this.#chance.below(BLOCKS - count);
      if (this.#chance.in100(40)) await this.#write(first, count);
      else if (this.#chance.in100(90)) await this.#read(first, count);
      else await this.#do({ type: RequestType.FLUSH });
    }
  }

  async #do(request: Parameters<RawNbdClient["run"]>[0]): Promise<Uint8Array | undefined> {
    const { error, data } = await this.#client.run(request);
    if (error === 0) this.doneCount++;
    else this.failedCount++;
    return error === 0 ? data : undefined;
  }

  async #write(first: number, count: number): Promise<void> {
    const stamp = this.#chance.between(1, 2 ** 31);
    const data = new Uint8Array(count * BLOCK);
    for (let i = 0; i < count; i++) data.set(blockOf(first + i, stamp), i * BLOCK);
    const done = await this.#do({ type: RequestType.WRITE, offset: first * BLOCK, data });
    for (let i = first; i < first + count; i++) {
      if (done !== undefined) this.#stamps[i]!.clear();
      this.#stamps[i]!.add(stamp);
    }
  }

  async #read(first: number, count: number): Promise<boolean> {
    const request = { type: RequestType.READ, offset: first * BLOCK, length: count * BLOCK };
    const data = await this.#do(request);
    if (data === undefined) return false;
    for (let i = 0; i < count; i++) {
      const found = data.subarray(i * BLOCK, (i + 1) * BLOCK).toHex();
      const expected = [...this.#stamps[first + i]!].map((stamp) => blockOf(first + i, stamp));
      assert.ok(expected.some((octets) => octets.toHex() === found), `block ${first + i}`);
    }
    return true;
  }

  /** All of it, now that nothing is in the way. */
  async close(): Promise<void> {
    for (let first = 0; first < BLOCKS; first += MOST_BLOCKS) {
      assert.ok(await this.#read(first, MOST_BLOCKS), "it can be read in the end");
    }
    this.#client.close();
  }
}

/** A block that no other is like. */
function blockOf(number: number, stamp: number): Uint8Array {
  const octets = new Uint8Array(BLOCK);
  if (stamp === 0) return octets;
  const view = new DataView(octets.buffer);
  for (let at = 0; at < BLOCK; at += 8) {
    view.setUint32(at, stamp);
    view.setUint32(at + 4, number * BLOCK + at);
  }
  return octets;
}

Deno.test({
  name: "F3 B-20: a command whose target is bent reads what is there, or says what was wrong",
  ...requires("dist/sanctl"),
  fn: () =>
    withBentTargets(async ({ service, portals, chance }) => {
      const { sanctl } = service;
      const content = chance.octets(DISK_LENGTH);
      await Deno.writeFile(sanctl.path("content"), content);
      for (const [i, name] of TARGETS.entries()) {
        await sanctl.ok(`initiator disk write ${service.url(name)} --input {}/content`);
        portals[i]!.malice = 20;
        portals[i]!.loginMalice = 150;
      }
      const count = { good: 0, failed: 0 };
      await Promise.all(portals.map(async ({ address }, i) => {
        for (let left = COMMANDS / portals.length; left > 0; left--) {
          const url = `iscsi://${address}/${iqn(TARGETS[i]!)}/0`;
          const output = `${TARGETS[i]}.${left}`;
          if (await reads(sanctl, url, output, content)) count.good++;
          else count.failed++;
        }
      }));
      note(`commands before hostile targets: ${count.good} read it all, ${count.failed} said why`);
      assert.ok(count.good > 0 && count.failed > 0);
    }),
});

/** Whether it was read; whatever it says is what is there. */
async function reads(
  sanctl: Sanctl,
  url: string,
  output: string,
  content: Uint8Array,
): Promise<boolean> {
  const { exitCode, stdout, stderr } = await sanctl.run(
    `initiator disk read ${url} --output {}/${output}`,
  );
  assert.doesNotMatch(stderr, NO_MESSAGE);
  if (exitCode === 0) {
    assert.deepEqual(await Deno.readFile(sanctl.path(output)), content, url);
    return true;
  }
  assert.ok([1, 4, 6].includes(exitCode), `exit code ${exitCode}: ${stderr}`);
  if (Deno.env.get("SANCTL_FUZZ_REASONS") !== undefined) console.log(stderr);
  assert.equal(stdout, "");
  assert.match(stderr.trimEnd(), /^sanctl: .{20,}(\n {2}.+)?$/);
  return false;
}
