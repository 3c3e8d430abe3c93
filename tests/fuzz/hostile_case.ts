/**
 * One hostile target, or as many connections of it as our initiator makes, and the judge of what
 * the initiator makes of them: over whatever ground the octets travel.
 */
import assert from "node:assert/strict";
import { CommandFailure } from "../../lib/initiator/command.ts";
import { discover } from "../../lib/initiator/discover.ts";
import { logIn } from "../../lib/initiator/log_in.ts";
import type { InitiatorNode } from "../../lib/initiator/node.ts";
import type { Session } from "../../lib/initiator/session.ts";
import { isName } from "../../lib/iscsi/name.ts";
import type { PortalAddress } from "../../lib/iscsi/portal_address.ts";
import type { ByteStream } from "../../lib/runtime/byte_stream.ts";
import { Chance } from "../support/chance.ts";
import type { Keys } from "../support/login.ts";
import { HostileTarget, speckled } from "./hostile_target.ts";

const TARGET = "iqn.2026-01.org.example:disk";
const COMMANDS = 24;
const MOST_OCTETS = 48_000;
/** Around every buffer, and in it until data comes. */
const GUARD_LENGTH = 64;
const GUARD = 0xee;
const UNTOUCHED = 0xdd;

export const HOSTILE_STAGES = ["login", "discovery", "full feature phase"] as const;
export type HostileStage = typeof HOSTILE_STAGES[number];

/** What an initiator and its target meet on. */
export interface HostileGround {
  readonly node: InitiatorNode;
  readonly portal: PortalAddress;
  /** No more connections come. */
  close(): Promise<void>;
}

/** Makes one; `answer` gets the target's end of each connection that comes about. */
export type PrepareGround = (
  chance: Chance,
  answer: (stream: ByteStream) => void,
) => HostileGround;

export interface HostileCount {
  /** That the target sent. */
  readonly pdus: number;
  /** Commands with a status, and without one. */
  readonly good: number;
  readonly failed: number;
}

export class HostileCase {
  /** What failed commands and logins were told. */
  readonly reasons: string[] = [];
  readonly #stage: HostileStage;
  readonly #chance: Chance;
  readonly #ground: HostileGround;
  readonly #targets: HostileTarget[] = [];
  readonly #runs: Promise<void>[] = [];
  /** What commands are to write, by their numbers. */
  readonly #written = new Map<number, Uint8Array>();
  #good = 0;
  #failed = 0;

  constructor(stage: HostileStage, seed: number, prepare: PrepareGround) {
    this.#stage = stage;
    this.#chance = new Chance(seed);
    this.#ground = prepare(this.#chance, (stream) => this.#answer(stream));
  }

  /** Answers how many PDUs the target sent, and what became of commands. */
  async run(): Promise<HostileCount> {
    if (this.#stage === "discovery") await this.#discover();
    else await this.#logIn();
    for (const target of this.#targets) target.end();
    await Promise.all(this.#runs);
    await this.#ground.close();
    const { sendBuffers, receiveBuffers } = this.#ground.node;
    assert.equal(sendBuffers.lent + receiveBuffers.lent, 0, "all buffers have come back");
    for (const target of this.#targets) this.#checkReceived(target);
    const pdus = this.#targets.reduce((sum, { pduCount }) => sum + pduCount, 0);
    return { pdus, good: this.#good, failed: this.#failed };
  }

  /** What came was asked for, and is what was to be written. */
  #checkReceived({ wrongs, received, tags }: HostileTarget): void {
    assert.deepEqual(wrongs, []);
    const numbers = new Map([...tags].map(([number, tag]) => [tag, number]));
    for (const { tag, offset, octets } of received) {
      const source = this.#written.get(numbers.get(tag)!)!;
      assert.deepEqual(octets, source.subarray(offset, offset + octets.length));
    }
  }

  #answer(stream: ByteStream): void {
    const target = new HostileTarget(stream, new Chance(this.#chance.u32()));
    this.#targets.push(target);
    this.#runs.push(this.#play(target));
  }

  /** Whatever its script stumbles over is of its own making. */
  async #play(target: HostileTarget): Promise<void> {
    const chance = this.#chance;
    const malice = chance.one([1, 1, 5, 20, 60]);
    // A login that is bent may leave both sides of two minds about digests.
    const digests = this.#stage !== "login" && chance.in100(40);
    const keys: Keys = {
      ...(digests ? { HeaderDigest: "CRC32C", DataDigest: "CRC32C" } : {}),
      ...(chance.in100(30) ? { InitialR2T: "Yes" } : {}),
      ...(chance.in100(30) ? { ImmediateData: "No" } : {}),
      ...(chance.in100(30) ? { FirstBurstLength: "4096", MaxBurstLength: "16384" } : {}),
      MaxRecvDataSegmentLength: chance.one(["512", "8192", "65536"]),
    };
    if (this.#stage === "login") target.malice = malice;
    try {
      if (this.#stage === "discovery") await target.logIn();
      else await target.logIn(keys);
      target.malice = malice;
      await target.serve(keys.FirstBurstLength === undefined ? 262_144 : 4096);
    } catch (error) {
      if (!(error instanceof Error)) throw error;
    }
    target.end();
  }

  /** What an initiator is told has to say something. */
  #checkError(error: unknown): void {
    assert.ok(error instanceof Error, String(error));
    assert.ok(error.message.length > 8, `it says why: ${error.message}`);
    assert.doesNotMatch(error.message, /os error|\bE[A-Z]{4,}\b|Infinity|NaN|undefined/);
    assert.ok(!(error instanceof TypeError || error instanceof RangeError), error.stack);
    assert.notEqual(error.name, "AssertionError", error.stack);
    this.reasons.push(error.message);
  }

  async #discover(): Promise<void> {
    try {
      const found = await discover(this.#ground.node, { portal: this.#ground.portal });
      for (const { name, addresses } of found) {
        assert.ok(isName(name));
        assert.ok(addresses.length > 0);
      }
    } catch (error) {
      this.#checkError(error);
    }
  }

  async #logIn(): Promise<void> {
    const chance = this.#chance;
    const digest = this.#stage !== "login" && chance.in100(60);
    let session: Session;
    try {
      ({ session } = await logIn(this.#ground.node, {
        ...{ portal: this.#ground.portal, targetName: TARGET, cmdSN: chance.u32() },
        ...(digest ? { headerDigest: true, dataDigest: true } : {}),
        connections: this.#stage === "login" ? chance.between(1, 2) : 1,
      }));
    } catch (error) {
      return this.#checkError(error);
    }
    await Promise.all(Array.from({ length: COMMANDS }, (_, i) => this.#command(session, i)));
    if (chance.in100(50)) await session.logout();
    else session.fail("the case is over");
    const { reason } = await session.ended;
    assert.ok(reason.length > 5, "the end says why");
    assert.equal(session.tasks.size, 0);
  }

  async #command(session: Session, number: number): Promise<void> {
    const chance = this.#chance;
    const length = chance.in100(20) ? 0 : 4 * chance.between(1, MOST_OCTETS / 4);
    const writes = chance.in100(50);
    const whole = new Uint8Array(length + 2 * GUARD_LENGTH).fill(GUARD);
    const buffer = whole.subarray(GUARD_LENGTH, GUARD_LENGTH + length);
    if (writes) buffer.set(speckled(length, chance.u32()));
    else buffer.fill(UNTOUCHED);
    const before = buffer.slice();
    if (writes) this.#written.set(number, before);
    const cdb = new Uint8Array(10);
    cdb[0] = length === 0 ? 0x00 : writes ? 0x2a : 0x28;
    new DataView(cdb.buffer).setUint32(2, number);
    const data = length === 0 ? {} : writes ? { dataOut: buffer } : { dataIn: buffer };
    try {
      const { status, transferred } = await session.execute(0, { cdb, ...data });
      this.#good++;
      const settled = buffer.slice();
      this.#judge(number, status, { writes, before, settled, transferred });
      await new Promise<void>((then) => setImmediate(then));
      assert.deepEqual(buffer, settled, "nothing comes behind the status");
    } catch (error) {
      if (!(error instanceof CommandFailure)) throw error;
      this.#failed++;
      this.#checkError(error);
    }
    if (writes) assert.deepEqual(buffer, before, "what is written is only read");
    assert.ok(
      whole.subarray(0, GUARD_LENGTH).every((octet) => octet === GUARD),
      "before the buffer",
    );
    assert.ok(whole.subarray(GUARD_LENGTH + length).every((octet) => octet === GUARD), "behind it");
  }

  /** The target may have named a task that it had not read yet. */
  #judgeEarly(status: number): void {
    const isGiven = this.#targets.some(({ claims, tags }) =>
      claims.tagsWith(status).some((tag) => ![...tags.values()].includes(tag))
    );
    assert.ok(isGiven, `status ${status} was given to a task that was still to come`);
  }

  /** A status is believed only where the target gave it, and data only as it sent that. */
  #judge(
    number: number,
    status: number,
    { writes, before, settled, transferred }: {
      readonly writes: boolean;
      readonly before: Uint8Array;
      readonly settled: Uint8Array;
      readonly transferred: number;
    },
  ): void {
    const target = this.#targets.find(({ tags }) => tags.has(number));
    if (target === undefined) return this.#judgeEarly(status);
    const tag = target.tags.get(number)!;
    assert.ok(target.claims.gave(tag, status), `status ${status} was given to task ${tag}`);
    assert.ok(transferred >= 0 && transferred <= before.length);
    if (status !== 0) return;
    if (!writes) {
      const sent = target.claims.dataOf(tag);
      assert.ok(sent.length >= transferred, `${transferred} octets of ${sent.length} that came`);
      assert.deepEqual(settled.subarray(0, transferred), sent.subarray(0, transferred));
    }
  }
}
