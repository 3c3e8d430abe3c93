/**
 * A scripted initiator: sends whatever PDU a test wants, right or wrong, and reads what comes back.
 */
import { BHS_LENGTH, RESERVED_TAG } from "../../lib/iscsi/bhs.ts";
import { Opcode } from "../../lib/iscsi/opcode.ts";
import { AsyncMessage } from "../../lib/iscsi/pdu/async_message.ts";
import { DataIn } from "../../lib/iscsi/pdu/data_in.ts";
import { DataOut } from "../../lib/iscsi/pdu/data_out.ts";
import { LoginRequest } from "../../lib/iscsi/pdu/login_request.ts";
import { LoginResponse } from "../../lib/iscsi/pdu/login_response.ts";
import { NopIn } from "../../lib/iscsi/pdu/nop_in.ts";
import { NopOut } from "../../lib/iscsi/pdu/nop_out.ts";
import { ReadyToTransfer } from "../../lib/iscsi/pdu/ready_to_transfer.ts";
import { ScsiCommand } from "../../lib/iscsi/pdu/scsi_command.ts";
import { ScsiResponse } from "../../lib/iscsi/pdu/scsi_response.ts";
import { TaskManagementRequest } from "../../lib/iscsi/pdu/task_management_request.ts";
import { crc32c } from "../../lib/wire/crc32c.ts";
import type { Fields, Layout, View } from "../../lib/wire/layout.ts";
import type { ByteStream } from "../../lib/runtime/byte_stream.ts";
import type { PipeEnd } from "./byte_pipe.ts";

/** A PDU that came: its header as octets, its data without padding. */
export interface ReceivedPdu {
  readonly opcode: number;
  readonly header: Uint8Array;
  readonly data: Uint8Array;
  as<F extends Fields>(layout: Layout<F>): View<F>;
}

export interface LoginKeys {
  readonly [key: string]: string;
}

export interface CommandFields {
  readonly cdb: Uint8Array | readonly number[];
  readonly read?: boolean;
  readonly write?: boolean;
  /** Expected data transfer length. */
  readonly length?: number;
  readonly data?: Uint8Array;
  readonly final?: boolean;
  readonly immediate?: boolean;
  readonly attribute?: number;
  readonly lun?: number;
  readonly tag?: number;
  readonly cmdSN?: number;
}

/** How a command ended, with all of its Data-In put together. */
export interface CommandResult {
  readonly status: number;
  readonly data: Uint8Array;
  /** Positive: underflow; negative: overflow. */
  readonly residual: number;
  /** Sense data as it came; empty without any. */
  readonly sense: Uint8Array;
  /** Sense key, and ASC with ASCQ, for comparing. */
  readonly key: number;
  readonly code: number;
}

/** What the target tells without being asked. */
export interface Announced {
  readonly event: number;
  /** Parameter 3. */
  readonly seconds: number;
  readonly lun: number;
  /** ASC with ASCQ of the sense data, where there is any. */
  readonly code?: number;
}

/** On a pair of ends in memory, or on a connection. */
export class TestInitiator<Stream extends ByteStream = PipeEnd> {
  cmdSN = 0xfffffffa;
  expStatSN = 0;
  headerDigest = false;
  dataDigest = false;
  /** Asynchronous Messages that came while something else was waited for. */
  readonly #announced: ReceivedPdu[] = [];
  #tag = 1;
  readonly stream: Stream;
  readonly #chunk = new Uint8Array(1 << 16);
  #buffered = new Uint8Array(0);
  #isOver = false;

  constructor(stream: Stream) {
    this.stream = stream;
  }

  takeTag(): number {
    return this.#tag++;
  }

  /** Sends a PDU: `header` with its length fields filled in, padding and digests. */
  async send(header: Uint8Array, data: Uint8Array = new Uint8Array(0)): Promise<void> {
    const padded = (data.length + 3) & ~3;
    const digest = this.headerDigest ? 4 : 0;
    const dataDigest = this.dataDigest && data.length > 0 ? 4 : 0;
    const octets = new Uint8Array(header.length + digest + padded + dataDigest);
    const view = new DataView(octets.buffer);
    octets.set(header);
    view.setUint8(4, (header.length - BHS_LENGTH) / 4);
    view.setUint8(5, data.length >>> 16);
    view.setUint16(6, data.length & 0xffff);
    if (digest) view.setUint32(header.length, crc32c(octets, 0, header.length), true);
    const at = header.length + digest;
    octets.set(data, at);
    if (dataDigest) view.setUint32(at + padded, crc32c(octets, at, padded), true);
    await this.sendRaw(octets);
  }

  async sendRaw(octets: Uint8Array): Promise<void> {
    while (octets.length > 0) octets = octets.subarray(await this.stream.write(octets));
  }

  /** The next PDU; null when the target has closed. */
  async receive(): Promise<ReceivedPdu | null> {
    if (!await this.#fill(BHS_LENGTH)) return null;
    const dataLength = new DataView(this.#buffered.buffer, this.#buffered.byteOffset).getUint32(4) &
      0xffffff;
    const digest = this.headerDigest ? 4 : 0;
    const padded = (dataLength + 3) & ~3;
    const dataDigest = this.dataDigest && dataLength > 0 ? 4 : 0;
    const length = BHS_LENGTH + digest + padded + dataDigest;
    if (!await this.#fill(length)) return null;
    const octets = this.#buffered.slice(0, length);
    this.#buffered = this.#buffered.subarray(length);
    const view = new DataView(octets.buffer);
    if (digest && crc32c(octets, 0, BHS_LENGTH) !== view.getUint32(BHS_LENGTH, true)) {
      throw new Error("header digest error");
    }
    const at = BHS_LENGTH + digest;
    if (dataDigest && crc32c(octets, at, padded) !== view.getUint32(at + padded, true)) {
      throw new Error("data digest error");
    }
    const header = octets.subarray(0, BHS_LENGTH);
    return {
      opcode: octets[0]! & 0x3f,
      header,
      data: octets.subarray(at, at + dataLength),
      as: (layout) => new layout(header),
    };
  }

  async #fill(length: number): Promise<boolean> {
    const chunk = this.#chunk;
    while (this.#buffered.length < length && !this.#isOver) {
      const count = await this.stream.read(chunk);
      if (count === null) this.#isOver = true;
      else {
        const joined = new Uint8Array(this.#buffered.length + count);
        joined.set(this.#buffered);
        joined.set(chunk.subarray(0, count), this.#buffered.length);
        this.#buffered = joined;
      }
    }
    return this.#buffered.length >= length;
  }

  /** The next PDU, which must have this opcode; read through its layout. */
  async expect<F extends Fields>(opcode: number, layout: Layout<F>): Promise<View<F>> {
    const pdu = await this.receive();
    if (pdu === null) throw new Error(`closed instead of opcode 0x${opcode.toString(16)}`);
    if (pdu.opcode !== opcode) {
      throw new Error(`opcode 0x${pdu.opcode.toString(16)} instead of 0x${opcode.toString(16)}`);
    }
    return pdu.as(layout);
  }

  /** Logs in straight through operational negotiation; answers the keys that the target gave. */
  async login(keys: LoginKeys, fields: Partial<View<typeof LoginRequest.fields>> = {}) {
    const request = new LoginRequest(new Uint8Array(BHS_LENGTH));
    request.opcode = Opcode.LOGIN_REQUEST;
    request.immediate = true;
    request.transit = true;
    request.currentStage = 1;
    request.nextStage = 3;
    request.isid = Uint8Array.of(0x80, 1, 2, 3, 4, 5);
    request.cmdSN = this.cmdSN;
    Object.assign(request, fields);
    const text = Object.entries(keys).map(([key, value]) => `${key}=${value}\0`).join("");
    await this.send(new Uint8Array(request.view.buffer), new TextEncoder().encode(text));
    const pdu = await this.receive();
    if (pdu === null) return { status: -1, keys: new Map<string, string>(), tsih: 0 };
    const response = pdu.as(LoginResponse);
    this.expStatSN = (response.statSN + 1) >>> 0;
    const answers = new TextDecoder().decode(pdu.data).split("\0").filter((pair) => pair !== "");
    const answered = new Map(answers.map((pair) => {
      const at = pair.indexOf("=");
      return [pair.slice(0, at), pair.slice(at + 1)] as const;
    }));
    const status = (response.statusClass << 8) | response.statusDetail;
    if (status === 0 && response.transit) {
      this.headerDigest = answered.get("HeaderDigest") === "CRC32C";
      this.dataDigest = answered.get("DataDigest") === "CRC32C";
    }
    return { status, keys: answered, tsih: response.tsih };
  }

  /** Sends a SCSI Command; answers its initiator task tag. */
  async command(fields: CommandFields): Promise<number> {
    const pdu = new ScsiCommand(new Uint8Array(BHS_LENGTH));
    const tag = fields.tag ?? this.takeTag();
    pdu.opcode = Opcode.SCSI_COMMAND;
    pdu.immediate = fields.immediate ?? false;
    pdu.final = fields.final ?? true;
    pdu.read = fields.read ?? false;
    pdu.write = fields.write ?? false;
    pdu.attribute = fields.attribute ?? 1;
    new DataView(pdu.view.buffer).setUint16(8, fields.lun ?? 0);
    pdu.initiatorTaskTag = tag;
    pdu.expectedDataTransferLength = fields.length ?? 0;
    pdu.cmdSN = fields.cmdSN ?? this.cmdSN;
    pdu.expStatSN = this.expStatSN;
    pdu.cdb = Uint8Array.from(fields.cdb);
    if (fields.cmdSN === undefined && !pdu.immediate) this.cmdSN = (this.cmdSN + 1) >>> 0;
    await this.send(new Uint8Array(pdu.view.buffer), fields.data);
    return tag;
  }

  /** Sends one Data-Out PDU. */
  async dataOut(
    tag: number,
    fields: Partial<View<typeof DataOut.fields>>,
    data: Uint8Array,
  ): Promise<void> {
    const pdu = new DataOut(new Uint8Array(BHS_LENGTH));
    pdu.opcode = Opcode.DATA_OUT;
    pdu.final = true;
    pdu.initiatorTaskTag = tag;
    pdu.targetTransferTag = RESERVED_TAG;
    pdu.expStatSN = this.expStatSN;
    Object.assign(pdu, fields);
    await this.send(new Uint8Array(pdu.view.buffer), data);
  }

  /** Sends a task management function request; answers its tag. */
  async manage(
    fields: Partial<View<typeof TaskManagementRequest.fields>>,
    lun = 0,
  ): Promise<number> {
    const pdu = new TaskManagementRequest(new Uint8Array(BHS_LENGTH));
    pdu.opcode = Opcode.TASK_MANAGEMENT_REQUEST;
    pdu.immediate = true;
    pdu.final = true;
    new DataView(pdu.view.buffer).setUint16(8, lun);
    pdu.initiatorTaskTag = this.takeTag();
    pdu.referencedTaskTag = RESERVED_TAG;
    pdu.cmdSN = this.cmdSN;
    pdu.expStatSN = this.expStatSN;
    Object.assign(pdu, fields);
    await this.send(new Uint8Array(pdu.view.buffer));
    return pdu.initiatorTaskTag;
  }

  /** What came for one command: its Data-In, R2Ts answered from `dataOut`, its status. */
  async result(tag: number, dataOut: Uint8Array = new Uint8Array(0)): Promise<CommandResult> {
    const parts: Uint8Array[] = [];
    for (;;) {
      const pdu = await this.receive();
      if (pdu === null) throw new Error("the target closed the connection");
      if (pdu.opcode === Opcode.READY_TO_TRANSFER) {
        const r2t = pdu.as(ReadyToTransfer);
        const from = r2t.bufferOffset;
        await this.dataOut(tag, {
          targetTransferTag: r2t.targetTransferTag,
          bufferOffset: from,
        }, dataOut.subarray(from, from + r2t.desiredDataTransferLength));
      } else if (pdu.opcode === Opcode.DATA_IN) {
        const dataIn = pdu.as(DataIn);
        if (dataIn.initiatorTaskTag !== tag) throw new Error("Data-In of another task");
        parts[dataIn.dataSN] = pdu.data;
        if (dataIn.hasStatus) {
          this.expStatSN = (dataIn.statSN + 1) >>> 0;
          return resultOf(dataIn, concatenate(parts), new Uint8Array(0));
        }
      } else if (pdu.opcode === Opcode.SCSI_RESPONSE) {
        const response = pdu.as(ScsiResponse);
        if (response.initiatorTaskTag !== tag) throw new Error("response of another task");
        this.expStatSN = (response.statSN + 1) >>> 0;
        return resultOf(response, concatenate(parts), pdu.data.subarray(2));
      } else if (pdu.opcode === Opcode.ASYNC_MESSAGE) {
        this.#announced.push(pdu);
      } else {
        throw new Error(`opcode 0x${pdu.opcode.toString(16)} while a command runs`);
      }
    }
  }

  /** The next Asynchronous Message; null when the target closes without one more. */
  async announcement(): Promise<Announced | null> {
    const pdu = this.#announced.shift() ?? await this.receive();
    if (pdu === null) return null;
    if (pdu.opcode !== Opcode.ASYNC_MESSAGE) {
      throw new Error(`opcode 0x${pdu.opcode.toString(16)} instead of an Asynchronous Message`);
    }
    return this.#announcedIn(pdu);
  }

  /** The Asynchronous Messages that came before the last answer, and were not asked for yet. */
  heard(): Announced[] {
    return this.#announced.splice(0).map((pdu) => this.#announcedIn(pdu));
  }

  #announcedIn(pdu: ReceivedPdu): Announced {
    const { statSN, asyncEvent, parameter3 } = pdu.as(AsyncMessage);
    this.expStatSN = (statSN + 1) >>> 0;
    const lun = new DataView(pdu.header.buffer, pdu.header.byteOffset).getUint16(8);
    if (pdu.data.length === 0) return { event: asyncEvent, seconds: parameter3, lun };
    const { code } = senseOf(pdu.data.subarray(2));
    return { event: asyncEvent, seconds: parameter3, lun, code };
  }

  /** Sends a command and waits for its end. */
  async run(fields: CommandFields, dataOut?: Uint8Array): Promise<CommandResult> {
    return await this.result(await this.command(fields), dataOut);
  }

  /** Sends a NOP-Out and reads its answer: nothing that was caused before it is still to come. */
  async fence(): Promise<void> {
    const tag = await this.ping(new Uint8Array(0));
    const nopIn = await this.expect(Opcode.NOP_IN, NopIn);
    if (nopIn.initiatorTaskTag !== tag) throw new Error("the answer to another NOP-Out");
    this.expStatSN = (nopIn.statSN + 1) >>> 0;
  }

  /** Sends a NOP-Out that wants an answer; answers its tag. */
  async ping(data: Uint8Array, fields: Partial<View<typeof NopOut.fields>> = {}): Promise<number> {
    const pdu = new NopOut(new Uint8Array(BHS_LENGTH));
    pdu.opcode = Opcode.NOP_OUT;
    pdu.immediate = true;
    pdu.final = true;
    pdu.initiatorTaskTag = this.takeTag();
    pdu.targetTransferTag = RESERVED_TAG;
    pdu.cmdSN = this.cmdSN;
    pdu.expStatSN = this.expStatSN;
    Object.assign(pdu, fields);
    await this.send(new Uint8Array(pdu.view.buffer), data);
    return pdu.initiatorTaskTag;
  }
}

function resultOf(
  pdu: { status: number; overflow: boolean; underflow: boolean; residualCount: number },
  data: Uint8Array,
  sense: Uint8Array,
): CommandResult {
  const residual = pdu.underflow ? pdu.residualCount : pdu.overflow ? -pdu.residualCount : 0;
  return { status: pdu.status, data, residual, sense, ...senseOf(sense) };
}

/** Key and code of sense data in either format; zeros where there is none. */
function senseOf(sense: Uint8Array): { readonly key: number; readonly code: number } {
  const descriptor = ((sense[0] ?? 0) & 0x7f) >= 0x72;
  const key = (sense[descriptor ? 1 : 2] ?? 0) & 0x0f;
  const at = descriptor ? 2 : 12;
  return { key, code: ((sense[at] ?? 0) << 8) | (sense[at + 1] ?? 0) };
}

export function concatenate(parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
