/** Rounds in which a service is killed while initiators write to it, and what it owes to them. */
import assert from "node:assert/strict";
import { cdb, Op } from "./block_commands.ts";
import type { SeededRandom } from "./seeded_random.ts";
import { iqn, type Service } from "./service.ts";
import type { StampLedger } from "./stamp_ledger.ts";
import { BLOCK_LENGTH } from "./stamped_block.ts";
import { StampingWriter } from "./stamping_writer.ts";
import { logIn, type TcpInitiator } from "./tcp_initiator.ts";
import type { LoginKeys } from "./test_initiator.ts";

const READ_BLOCKS = 256;

/** The most writes acknowledged, and the longest wait after them, before the service is killed. */
const MOST_WRITES = 200;
const LONGEST_WAIT_MS = 8;

/** They write at the same time, each with commands of its own in flight. */
export const INITIATORS = [
  "iqn.2026-01.org.example:host1",
  "iqn.2026-01.org.example:host2",
] as const;

export const NAMES: LoginKeys = {
  InitiatorName: INITIATORS[0],
  TargetName: iqn("t"),
  MaxRecvDataSegmentLength: "262144",
};

/** Ways for data to come: with the command, in one burst asked for, in pieces; with digests. */
const SESSIONS: readonly LoginKeys[] = [
  { ImmediateData: "Yes" },
  { ImmediateData: "No", MaxBurstLength: "262144" },
  { ImmediateData: "No", MaxBurstLength: "1024", FirstBurstLength: "1024" },
  { ImmediateData: "Yes", HeaderDigest: "CRC32C", DataDigest: "CRC32C" },
];

export interface Round {
  readonly service: Service;
  readonly ledger: StampLedger;
  readonly random: SeededRandom;
  readonly round: number;
  /** How much longer than a moment the service goes on, at most. */
  readonly longestWaitMs?: number;
  /** What else is asked of the service meanwhile; it ends when nobody answers any more. */
  readonly beside?: () => Promise<void>;
}

/** Writes until the service is killed at a moment of chance; answers how much it acknowledged. */
export async function writeUntilKilled(
  { service, ledger, random, round, longestWaitMs = LONGEST_WAIT_MS, beside }: Round,
): Promise<number> {
  const enough = 1 + random.below(MOST_WRITES);
  const waitMs = random.below(longestWaitMs);
  const killed = Promise.withResolvers<void>();
  let acknowledged = 0;
  function acknowledge(): void {
    if (++acknowledged !== enough) return;
    setTimeout(() => killed.resolve(service.kill().then(() => undefined)), waitMs);
  }
  const writers = INITIATORS.map(async (InitiatorName) => {
    const session = random.one(SESSIONS);
    const keys = { ...NAMES, InitiatorName, ...session };
    const initiator = await logIn(service.serving.portal, keys);
    using _stream = initiator.stream;
    const immediateData = session["ImmediateData"] === "Yes";
    await new StampingWriter({ initiator, ledger, random, round, immediateData }).run(acknowledge);
  });
  await Promise.all([...writers, beside?.()]);
  assert.ok(acknowledged >= enough, "the connections broke before the service was killed");
  await killed.promise;
  return acknowledged;
}

/** All that the disk holds. */
export async function readAll(
  service: Service,
  blockCount: number,
): Promise<Uint8Array<ArrayBuffer>> {
  const initiator = await logIn(service.serving.portal, NAMES);
  using _stream = initiator.stream;
  const octets = new Uint8Array(blockCount * BLOCK_LENGTH);
  for (let lba = 0; lba < blockCount; lba += READ_BLOCKS) {
    octets.set(await read(initiator, lba), lba * BLOCK_LENGTH);
  }
  return octets;
}

async function read(initiator: TcpInitiator, lba: number): Promise<Uint8Array> {
  const length = READ_BLOCKS * BLOCK_LENGTH;
  const fields = { cdb: cdb(Op.READ_10, lba, READ_BLOCKS), read: true, length };
  const { status, data } = await initiator.run(fields);
  assert.equal(status, 0);
  assert.equal(data.length, length);
  return data;
}

/** Nothing acknowledged is lost: or else it is said when. */
export function settle(ledger: StampLedger, octets: Uint8Array, when: string): void {
  try {
    ledger.settle(octets);
  } catch (error) {
    throw new Error(`after ${when}: ${(error as Error).message}`, { cause: error });
  }
}
