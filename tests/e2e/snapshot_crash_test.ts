/** Snapshots come and go under load, and a service that is killed meanwhile loses nothing. */
import assert from "node:assert/strict";
import type { SnapshotFacts } from "../../lib/config/snapshot_control.ts";
import { cdb, Op } from "../support/block_commands.ts";
import { note } from "../support/note.ts";
import { requires } from "../support/requires.ts";
import { chooseSeed, SeededRandom } from "../support/seeded_random.ts";
import { iqn, type Service, withService } from "../support/service.ts";
import { StampLedger } from "../support/stamp_ledger.ts";
import { BLOCK_LENGTH } from "../support/stamped_block.ts";
import { StampingWriter } from "../support/stamping_writer.ts";
import { logIn } from "../support/tcp_initiator.ts";
import type { LoginKeys } from "../support/test_initiator.ts";

const ROUNDS = 6;
/** Blocks that are written to until the service is killed. */
const BLOCK_COUNT = 4096;
/** Behind them: more than is merged while initiators wait. */
const BULK_LBA = 8192;
const BULK_BLOCKS = 98_304;
const PIECE_BLOCKS = 256;
const MOST_WRITES = 300;
const LONGEST_WAIT_MS = 60;

const NAMES: LoginKeys = {
  InitiatorName: "iqn.2026-01.org.example:host1",
  TargetName: iqn("t"),
  MaxRecvDataSegmentLength: "262144",
  InitialR2T: "No",
  ImmediateData: "Yes",
  FirstBurstLength: "262144",
  MaxBurstLength: "262144",
};

Deno.test({
  name: `snapshot crash: kill -9 while snapshots are merged under load, ${ROUNDS} times over`,
  ...requires("dist/sanctl"),
  fn: () =>
    withService({
      targets: { t: [{ file: "d.vhd", size: "64M", options: "--type dynamic" }] },
    }, async (service) => {
      const { sanctl } = service;
      const seed = chooseSeed();
      note(`snapshot crash: SANCTL_TEST_SEED=${seed}`);
      const random = new SeededRandom(seed);
      const ledger = new StampLedger(BLOCK_COUNT);
      let interrupted = 0;
      for (let round = 1; round <= ROUNDS; round++) {
        await sanctl.ok(`snapshot create d --name s${round}`);
        await writeBulk(service, round);
        await writeUntilKilled({ service, ledger, random, round });
        await service.start();
        const deleting = (await snapshotsOf(service)).filter(({ state }) => state === "deleting");
        if (deleting.length > 0) interrupted++;
        const when = `round ${round} of seed ${seed}`;
        const octets = await read(service, 0, BLOCK_COUNT);
        try {
          ledger.settle(octets);
        } catch (error) {
          throw new Error(`after ${when}: ${(error as Error).message}`, { cause: error });
        }
        await checkBulk(service, round, when);
      }
      note(`snapshot crash: ${interrupted} of ${ROUNDS} merges were interrupted`);
      assert.ok(interrupted > 0, "no merge was interrupted");
      const last = await read(service, 0, BLOCK_COUNT);
      for (const { name, state } of await snapshotsOf(service)) {
        if (state === "ready") await sanctl.ok(`snapshot delete ${name} --wait --yes`);
      }
      assert.deepEqual(await snapshotsOf(service), []);
      assert.deepEqual(await read(service, 0, BLOCK_COUNT), last);
      await checkBulk(service, ROUNDS, "all was merged");
      await service.stop();
      const files = [...Deno.readDirSync(sanctl.path("."))].map(({ name }) => name);
      assert.equal(files.filter((name) => name.endsWith(".vhd")).length, 1, files.join(" "));
      await sanctl.ok("disk check d");
    }),
});

interface Round {
  readonly service: Service;
  readonly ledger: StampLedger;
  readonly random: SeededRandom;
  readonly round: number;
}

/** Deletes the snapshot before the last while stamps are written, and kills it all. */
async function writeUntilKilled({ service, ledger, random, round }: Round): Promise<void> {
  const enough = 1 + random.below(MOST_WRITES);
  const waitMs = random.below(LONGEST_WAIT_MS);
  const killed = Promise.withResolvers<void>();
  const initiator = await logIn(service.serving.portal, NAMES);
  using _stream = initiator.stream;
  const deleted = round === 1
    ? undefined
    : service.sanctl.run(`snapshot delete s${round - 1} --yes`);
  const merging = Promise.resolve(deleted);
  let acknowledged = 0;
  const writer = new StampingWriter({ initiator, ledger, random, round, immediateData: true });
  await writer.run(() => {
    if (++acknowledged !== enough) return;
    killed.resolve(merging.then(async () => {
      await new Promise((then) => setTimeout(then, waitMs));
      await service.kill();
    }));
  });
  await killed.promise;
}

function patternOf(round: number, lba: number): Uint8Array<ArrayBuffer> {
  const octets = new Uint8Array(PIECE_BLOCKS * BLOCK_LENGTH);
  const view = new DataView(octets.buffer);
  for (let block = 0; block < PIECE_BLOCKS; block++) {
    view.setUint32(block * BLOCK_LENGTH, round);
    view.setUint32(block * BLOCK_LENGTH + BLOCK_LENGTH - 4, lba + block);
  }
  return octets;
}

/** Every acknowledged write of it must be there after whatever comes. */
async function writeBulk(service: Service, round: number): Promise<void> {
  const initiator = await logIn(service.serving.portal, NAMES);
  using _stream = initiator.stream;
  for (let at = 0; at < BULK_BLOCKS; at += PIECE_BLOCKS) {
    const data = patternOf(round, BULK_LBA + at);
    const command = { cdb: cdb(Op.WRITE_10, BULK_LBA + at, PIECE_BLOCKS), write: true, data };
    const { status } = await initiator.run({ ...command, length: data.length });
    assert.equal(status, 0);
  }
}

async function checkBulk(service: Service, round: number, when: string): Promise<void> {
  const octets = await read(service, BULK_LBA, BULK_BLOCKS);
  for (let at = 0; at < BULK_BLOCKS; at += PIECE_BLOCKS) {
    const piece = octets.subarray(at * BLOCK_LENGTH, (at + PIECE_BLOCKS) * BLOCK_LENGTH);
    assert.deepEqual(
      piece,
      patternOf(round, BULK_LBA + at),
      `block ${BULK_LBA + at} after ${when}`,
    );
  }
}

async function read(service: Service, lba: number, count: number): Promise<Uint8Array> {
  const initiator = await logIn(service.serving.portal, NAMES);
  using _stream = initiator.stream;
  const octets = new Uint8Array(count * BLOCK_LENGTH);
  for (let at = 0; at < count; at += PIECE_BLOCKS) {
    const length = PIECE_BLOCKS * BLOCK_LENGTH;
    const fields = { cdb: cdb(Op.READ_10, lba + at, PIECE_BLOCKS), read: true, length };
    const { status, data } = await initiator.run(fields);
    assert.equal(status, 0);
    octets.set(data, at * BLOCK_LENGTH);
  }
  return octets;
}

function snapshotsOf({ sanctl }: Service): Promise<SnapshotFacts[]> {
  return sanctl.facts<SnapshotFacts[]>("snapshot list d");
}
