/**
 * One hostile connection: comes as far as it is told to, and then sends whatever comes to its mind.
 */
import { BHS_LENGTH } from "../../lib/iscsi/bhs.ts";
import { Opcode } from "../../lib/iscsi/opcode.ts";
import { LoginRequest } from "../../lib/iscsi/pdu/login_request.ts";
import { ReadyToTransfer } from "../../lib/iscsi/pdu/ready_to_transfer.ts";
import type { ByteStream } from "../../lib/runtime/byte_stream.ts";
import type { Chance } from "../support/chance.ts";
import { type Answer, AnswerChecker } from "./answer_checker.ts";
import { PduMaker, type Situation } from "./pdu_maker.ts";

export const STAGES = [
  "before login",
  "in security negotiation",
  "in operational negotiation",
  "in discovery",
  "in full feature phase",
  "in full feature phase, with digests",
] as const;
export type Stage = typeof STAGES[number];

export interface FuzzNames {
  readonly initiatorName: string;
  readonly targetName: string;
}

/** A stream; one in memory can say that it takes nothing any more. */
export interface FuzzStream extends ByteStream {
  stopTaking?(): void;
}

export class FuzzPeer {
  readonly checker = new AnswerChecker();
  readonly #stream: ByteStream;
  readonly #chance: Chance;
  readonly #maker: PduMaker;
  readonly #situation: Situation;
  #answers: Answer[] = [];
  #answered: (() => void) | undefined;
  #isOver = false;
  readonly #stopTaking: () => void;

  constructor(stream: FuzzStream, chance: Chance) {
    this.#stream = stream;
    this.#stopTaking = () => stream.stopTaking?.();
    this.#chance = chance;
    this.#maker = new PduMaker(chance);
    this.#situation = {
      cmdSN: chance.one([1, 0xfffffff0, 0x7ffffff8]),
      headerDigest: false,
      dataDigest: false,
      initialR2T: true,
      immediateData: true,
      tags: [],
      asked: [],
    };
    this.#read();
  }

  /** Does its worst, and leaves. */
  async run(stage: Stage, names: FuzzNames): Promise<void> {
    const chance = this.#chance;
    try {
      if (!await this.#reach(stage, names)) return;
      if (stage.startsWith("in full")) await this.#takeAttention();
      if (chance.in100(10)) this.#stopTaking();
      for (let i = chance.between(1, 24); i > 0 && !this.#isOver; i--) {
        await this.#send(this.#maker.make(this.#situation));
        if (chance.in100(20)) await turn();
      }
      for (let i = chance.below(4); i > 0; i--) await turn();
    } catch (error) {
      if (!isGone(error)) throw error;
    } finally {
      if (chance.in100(20)) await this.#stream.closeWrite().catch(() => undefined);
      this.#stream.close();
    }
  }

  /** TEST UNIT READY, which is told of the power on. */
  async #takeAttention(): Promise<void> {
    for (const lun of [0, 1]) {
      await this.#send(this.#maker.testUnitReady(this.#situation, lun));
      // It may have to wait for others.
      for (let i = 0; i < 5 && this.#answers.length === 0; i++) await turn();
      this.#answers.shift();
    }
  }

  async #read(): Promise<void> {
    const octets = new Uint8Array(1 << 16);
    try {
      for (;;) {
        const count = await this.#stream.read(octets);
        if (count === null) break;
        for (const answer of this.checker.take(octets.subarray(0, count))) this.#note(answer);
      }
    } catch (error) {
      if (!isGone(error)) throw error;
    } finally {
      this.#isOver = true;
      this.#answered?.();
    }
  }

  #note(answer: Answer): void {
    if (answer.opcode === Opcode.READY_TO_TRANSFER) {
      const r2t = new ReadyToTransfer(answer.header);
      const { initiatorTaskTag, targetTransferTag, bufferOffset } = r2t;
      const length = r2t.desiredDataTransferLength;
      this.#situation.asked.push({ initiatorTaskTag, targetTransferTag, bufferOffset, length });
    }
    this.#answers.push(answer);
    this.#answered?.();
  }

  async #answer(): Promise<Answer | undefined> {
    while (this.#answers.length === 0 && !this.#isOver) {
      await new Promise<void>((answered) => this.#answered = answered);
    }
    return this.#answers.shift();
  }

  async #send(octets: Uint8Array): Promise<void> {
    const piece = this.#chance.in100(10) ? this.#chance.between(1, 60) : octets.length;
    for (let at = 0; at < octets.length; at += piece) {
      const sent = this.#stream.write(octets.subarray(at, at + piece));
      // Whoever reads nothing is not read either, in the end: it must not wait for that.
      await Promise.race([sent, turn()]);
      sent.catch(() => undefined);
    }
  }

  async #reach(stage: Stage, names: FuzzNames): Promise<boolean> {
    switch (stage) {
      case "before login":
        return true;
      case "in security negotiation":
        return await this.#login(names, { transit: true, currentStage: 0, nextStage: 1 }, false);
      case "in operational negotiation":
        return await this.#login(names, { currentStage: 1 }, false);
      case "in discovery":
        return await this.#login(names, STRAIGHT, true);
      default:
        return await this.#login(names, STRAIGHT, false, stage.endsWith("digests"));
    }
  }

  async #login(
    { initiatorName, targetName }: FuzzNames,
    fields: object,
    isDiscovery: boolean,
    hasDigests = false,
  ): Promise<boolean> {
    const chance = this.#chance;
    const text = [
      `InitiatorName=${initiatorName}`,
      isDiscovery ? "SessionType=Discovery" : `TargetName=${targetName}`,
      ...(hasDigests ? [`HeaderDigest=${digest(chance)}`, `DataDigest=${digest(chance)}`] : []),
      `InitialR2T=${chance.one(["Yes", "No"])}`,
      `ImmediateData=${chance.one(["Yes", "No"])}`,
      "MaxBurstLength=4096",
      "FirstBurstLength=2048",
      "MaxOutstandingR2T=4",
    ].join("\0") + "\0";
    const octets = new Uint8Array(BHS_LENGTH + ((text.length + 3) & ~3));
    const request = new LoginRequest(octets);
    request.opcode = Opcode.LOGIN_REQUEST;
    request.immediate = true;
    request.isid = Uint8Array.of(0x80, 0, 0, 0, chance.below(256), chance.below(256));
    request.cmdSN = this.#situation.cmdSN;
    request.dataSegmentLength = text.length;
    Object.assign(request, fields);
    octets.set(new TextEncoder().encode(text), BHS_LENGTH);
    await this.#send(octets);
    const answer = await this.#answer();
    if (answer?.opcode !== Opcode.LOGIN_RESPONSE || answer.header[36] !== 0) return false;
    const agreed = new TextDecoder().decode(answer.data);
    this.#situation.headerDigest = this.checker.headerDigest = agreed.includes(
      "HeaderDigest=CRC32C",
    );
    this.#situation.dataDigest = this.checker.dataDigest = agreed.includes("DataDigest=CRC32C");
    this.#situation.initialR2T = agreed.includes("InitialR2T=Yes");
    this.#situation.immediateData = agreed.includes("ImmediateData=Yes");
    return true;
  }
}

const STRAIGHT = { transit: true, currentStage: 1, nextStage: 3 };

function digest(chance: Chance): string {
  return chance.one(["None", "CRC32C"]);
}

function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** The other side has closed, or this one has. */
export function isGone(error: unknown): boolean {
  const { BrokenPipe, ConnectionReset, BadResource, Interrupted } = Deno.errors;
  return [BrokenPipe, ConnectionReset, BadResource, Interrupted].some((kind) =>
    error instanceof kind
  );
}
