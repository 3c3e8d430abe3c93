/**
 * kill -9 of the service under verified load, on every kind of disk: nothing acknowledged is lost,
 * also while snapshots are taken, merged away and rolled on. SANCTL_TEST_CRASH=full runs so many
 * rounds that with those of crash_test.ts they are 200; else it is a part of them.
 */
import assert from "node:assert/strict";
import { openControl } from "../../lib/config/connect.ts";
import { ControlError } from "../../lib/config/control.ts";
import type { SnapshotFacts } from "../../lib/config/snapshot_control.ts";
import { socketFile } from "../../lib/config/state_directory.ts";
import { openVhd } from "../../lib/vhd/open.ts";
import { readAll, settle, writeUntilKilled } from "../support/killed_service.ts";
import { note } from "../support/note.ts";
import { peer } from "../support/peer.ts";
import { requires } from "../support/requires.ts";
import { chooseSeed, SeededRandom } from "../support/seeded_random.ts";
import { type Service, withService } from "../support/service.ts";
import { StampLedger } from "../support/stamp_ledger.ts";
import { BLOCK_LENGTH, readStamp } from "../support/stamped_block.ts";

const ROUNDS = Deno.env.get("SANCTL_TEST_CRASH") === "full" ? 50 : 5;
const MIB = 1 << 20;
const SIZE = 8 * MIB;
const BLOCK_COUNT = SIZE / BLOCK_LENGTH;

interface Killed {
  readonly service: Service;
  readonly ledger: StampLedger;
  readonly random: SeededRandom;
  readonly seed: number;
}

/** What the disk holds in the end. */
async function killAgainAndAgain(
  { service, ledger, random, seed }: Killed,
  options: { longestWaitMs?: number; beside?: (round: number) => Promise<void> } = {},
): Promise<Uint8Array<ArrayBuffer>> {
  const { beside, ...rest } = options;
  let octets = new Uint8Array(0), acknowledged = 0;
  for (let round = 1; round <= ROUNDS; round++) {
    const besides = beside === undefined ? {} : { beside: () => beside(round) };
    const load = { service, ledger, random, round, ...rest, ...besides };
    acknowledged += await writeUntilKilled(load);
    await service.start();
    octets = await readAll(service, BLOCK_COUNT);
    settle(ledger, octets, `round ${round} of seed ${seed}`);
  }
  note(`kill -9: ${ROUNDS} rounds, ${acknowledged} writes acknowledged, none lost`);
  return octets;
}

/** The file holds what initiators read, as another's program sees it. */
async function assertFileHolds(
  service: Service,
  [file, format]: readonly [file: string, format: string],
  octets: Uint8Array,
): Promise<void> {
  await service.stop();
  const raw = service.sanctl.path("read.raw");
  await Deno.writeFile(raw, octets);
  const formats = ["-f", format, "-F", "raw"];
  assert.match(
    await peer("qemu-img", "compare", ...formats, service.sanctl.path(file), raw),
    /identical/,
  );
}

const FILES = [
  ["raw", "d.img", "raw", ""],
  ["dynamic", "d.vhd", "vpc", "--type dynamic"],
] as const;

for (const [kind, file, format, options] of FILES) {
  Deno.test({
    name: `crash: kill -9 during writes to a ${kind} disk loses nothing acknowledged`,
    ...requires("dist/sanctl", "qemu-img"),
    fn: () =>
      withService({ targets: { t: [{ file, size: "8M", options }] } }, async (service) => {
        const seed = chooseSeed();
        const random = new SeededRandom(seed);
        const killed = { service, ledger: new StampLedger(BLOCK_COUNT), random, seed };
        await assertFileHolds(service, [file, format], await killAgainAndAgain(killed));
      }),
  });
}

/** A snapshot, and what each block was before it was taken, and after. */
interface Taken {
  readonly acknowledged: Uint32Array;
  readonly issued: Uint32Array;
}

/** Takes snapshots and deletes them, for as long as the service answers. */
class SnapshotTaker {
  readonly taken = new Map<string, Taken>();
  readonly #asked = new Set<string>();
  readonly #service: Service;
  readonly #ledger: StampLedger;
  readonly #random: SeededRandom;
  deletions = 0;

  constructor({ service, ledger, random }: Killed) {
    this.#service = service;
    this.#ledger = ledger;
    this.#random = random;
  }

  async run(round: number): Promise<void> {
    const state = this.#service.sanctl.environment["SANCTL_STATE_DIR"]!;
    const control = await openControl({ server: `unix:${socketFile(state)}` });
    try {
      for (let number = 0;; number++) {
        await this.#take(control, `r${round}-${number}`);
        while (this.taken.size > 2 + this.#random.below(3)) await this.#delete(control);
      }
    } catch (error) {
      if (!(error instanceof ControlError) || error.kind !== "unreachable") throw error;
    } finally {
      await control.close();
    }
  }

  async #take(control: Awaited<ReturnType<typeof openControl>>, name: string): Promise<void> {
    const { acknowledged } = this.#ledger.moment();
    this.#asked.add(name);
    await control.snapshots.create({ disks: ["d"], name });
    this.taken.set(name, { acknowledged, issued: this.#ledger.moment().issued });
  }

  async #delete(control: Awaited<ReturnType<typeof openControl>>): Promise<void> {
    const name = this.#random.one([...this.taken.keys()]);
    this.taken.delete(name);
    await control.snapshots.delete(name);
    this.deletions++;
  }

  /** Those that were said to be taken are there; the service does not run. */
  async check(snapshots: readonly SnapshotFacts[]): Promise<number> {
    const found = new Map(snapshots.map((each) => [each.name, each]));
    for (const name of found.keys()) assert.ok(this.#asked.has(name), `${name} is from nowhere`);
    for (const [name, { acknowledged, issued }] of this.taken) {
      const snapshot = found.get(name);
      assert.ok(snapshot !== undefined, `snapshot ${name} is lost`);
      const { device } = await openVhd(snapshot.path, { readOnly: true, force: true });
      const octets = new Uint8Array(SIZE);
      await device.read(0, octets, 0, SIZE);
      await device.close();
      for (let block = 0; block < BLOCK_COUNT; block++) {
        const stamp = readStamp(octets, block * BLOCK_LENGTH)?.stamp ?? 0;
        const isRight = stamp >= acknowledged[block]! && stamp <= issued[block]!;
        assert.ok(isRight, `snapshot ${name}: block ${block} holds ${stamp}`);
      }
    }
    return this.taken.size;
  }
}

Deno.test({
  name: "crash: kill -9 while snapshots are taken and merged away loses nothing acknowledged",
  ...requires("dist/sanctl", "qemu-img"),
  fn: () =>
    withService(
      { targets: { t: [{ file: "d.vhd", size: "8M", options: "--type dynamic" }] } },
      async (service) => {
        const seed = chooseSeed();
        const random = new SeededRandom(seed);
        const killed = { service, ledger: new StampLedger(BLOCK_COUNT), random, seed };
        const taker = new SnapshotTaker(killed);
        const beside = (round: number) => taker.run(round);
        const octets = await killAgainAndAgain(killed, { longestWaitMs: 300, beside });
        await service.stop();
        const { sanctl } = service;
        const kept = await taker.check(await sanctl.facts<SnapshotFacts[]>("snapshot list d"));
        assert.ok(kept > 0 && taker.deletions > 0, `${kept} kept, ${taker.deletions} deleted`);
        note(`kill -9: ${taker.deletions} snapshots deleted meanwhile, ${kept} kept are whole`);
        // A stand-alone copy of what there is, for a program that knows no children.
        await sanctl.ok("snapshot create d --name last");
        await sanctl.ok("snapshot export last {}/whole.vhd");
        await assertFileHolds(service, ["whole.vhd", "vpc"], octets);
      },
    ),
});
