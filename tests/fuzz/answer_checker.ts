/**
 * Reads whatever a target sends, to whomever: it must be whole PDUs, numbered without a gap, within
 * what was declared, and nothing of it may be memory that was used for something else.
 */
import { BHS_LENGTH, RESERVED_TAG } from "../../lib/iscsi/bhs.ts";
import { Opcode } from "../../lib/iscsi/opcode.ts";
import { DataIn } from "../../lib/iscsi/pdu/data_in.ts";
import { crc32c } from "../../lib/wire/crc32c.ts";
import { serialAdd, serialLess } from "../../lib/wire/serial.ts";

/** What unused memory is filled with in these tests. */
export const POISON = 0xdb;
export const POISONED_RUN = "dbdbdbdbdbdbdbdb";

/** PDUs that a target sends and that carry a StatSN of their own. */
const RESPONSES: ReadonlySet<number> = new Set([
  Opcode.LOGIN_RESPONSE,
  Opcode.SCSI_RESPONSE,
  Opcode.TASK_MANAGEMENT_RESPONSE,
  Opcode.TEXT_RESPONSE,
  Opcode.LOGOUT_RESPONSE,
  Opcode.ASYNC_MESSAGE,
  Opcode.REJECT,
]);

const OTHERS: ReadonlySet<number> = new Set([
  Opcode.DATA_IN,
  Opcode.NOP_IN,
  Opcode.READY_TO_TRANSFER,
]);

export interface Answer {
  readonly opcode: number;
  readonly header: Uint8Array;
  readonly view: DataView;
  readonly data: Uint8Array;
}

export class AnswerChecker {
  readonly wrongs: string[] = [];
  headerDigest = false;
  dataDigest = false;
  /** What we declared. */
  maxRecvDataSegmentLength = 8192;
  answerCount = 0;
  #octets = new Uint8Array(0);
  #statSN: number | undefined;
  #expCmdSN: number | undefined;
  #maxCmdSN: number | undefined;

  /** Takes in what came; answers the PDUs that are whole now. */
  take(octets: Uint8Array): Answer[] {
    const joined = new Uint8Array(this.#octets.length + octets.length);
    joined.set(this.#octets);
    joined.set(octets, this.#octets.length);
    this.#octets = joined;
    const answers: Answer[] = [];
    for (let answer = this.#next(); answer !== undefined; answer = this.#next()) {
      this.answerCount++;
      this.#check(answer);
      answers.push(answer);
    }
    return answers;
  }

  #next(): Answer | undefined {
    const octets = this.#octets;
    if (octets.length < BHS_LENGTH) return undefined;
    const view = new DataView(octets.buffer, octets.byteOffset, octets.length);
    const opcode = octets[0]! & 0x3f;
    const isLogin = opcode === Opcode.LOGIN_RESPONSE;
    const dataLength = view.getUint32(4) & 0xffffff;
    const digest = this.headerDigest && !isLogin ? 4 : 0;
    const padded = (dataLength + 3) & ~3;
    const dataDigest = this.dataDigest && !isLogin && dataLength > 0 ? 4 : 0;
    const at = BHS_LENGTH + digest;
    const length = at + padded + dataDigest;
    if (octets.length < length) return undefined;
    if (digest > 0 && crc32c(octets, 0, BHS_LENGTH) !== view.getUint32(BHS_LENGTH, true)) {
      this.wrongs.push("a wrong header digest");
    }
    if (dataDigest > 0 && crc32c(octets, at, padded) !== view.getUint32(at + padded, true)) {
      this.wrongs.push("a wrong data digest");
    }
    if (octets.subarray(at + dataLength, at + padded).some((octet) => octet !== 0)) {
      this.wrongs.push("padding that is not zero");
    }
    this.#octets = octets.subarray(length);
    const header = octets.subarray(0, BHS_LENGTH);
    return { opcode, header, view, data: octets.subarray(at, at + dataLength) };
  }

  #check({ opcode, header, view, data }: Answer): void {
    if (!RESPONSES.has(opcode) && !OTHERS.has(opcode)) {
      this.wrongs.push(`opcode 0x${opcode.toString(16)} is none of a target`);
    }
    if (data.length > this.maxRecvDataSegmentLength) this.wrongs.push("a data segment too long");
    for (const [name, octets] of [["header", header], ["data", data]] as const) {
      if (octets.toHex().includes(POISONED_RUN)) {
        this.wrongs.push(`stale memory in the ${name} of opcode 0x${opcode.toString(16)}`);
      }
    }
    this.#checkStatSN(opcode, header, view.getUint32(24));
    this.#checkWindow(view.getUint32(28), view.getUint32(32));
  }

  #checkStatSN(opcode: number, header: Uint8Array, statSN: number): void {
    const tag = new DataView(header.buffer, header.byteOffset).getUint32(16);
    const usesOne = RESPONSES.has(opcode) ||
      (opcode === Opcode.NOP_IN && tag !== RESERVED_TAG) ||
      (opcode === Opcode.DATA_IN && new DataIn(header).hasStatus);
    if (!usesOne) return;
    if (this.#statSN !== undefined && statSN !== this.#statSN) {
      this.wrongs.push(`StatSN ${statSN} instead of ${this.#statSN}`);
    }
    this.#statSN = serialAdd(statSN, 1);
  }

  #checkWindow(expCmdSN: number, maxCmdSN: number): void {
    if (this.#expCmdSN !== undefined && serialLess(expCmdSN, this.#expCmdSN)) {
      this.wrongs.push("ExpCmdSN went back");
    }
    if (this.#maxCmdSN !== undefined && serialLess(maxCmdSN, this.#maxCmdSN)) {
      this.wrongs.push("MaxCmdSN went back");
    }
    if (serialLess(maxCmdSN, serialAdd(expCmdSN, -1))) {
      this.wrongs.push("MaxCmdSN is below ExpCmdSN - 1");
    }
    this.#expCmdSN = expCmdSN;
    this.#maxCmdSN = maxCmdSN;
  }
}
