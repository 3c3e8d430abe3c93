/** A target that does what a test tells it to, right or wrong: reads requests, sends any PDU. */
import { BHS_LENGTH, RESERVED_TAG } from "../../lib/iscsi/bhs.ts";
import { Opcode } from "../../lib/iscsi/opcode.ts";
import { DataIn } from "../../lib/iscsi/pdu/data_in.ts";
import { DataOut } from "../../lib/iscsi/pdu/data_out.ts";
import { LoginRequest } from "../../lib/iscsi/pdu/login_request.ts";
import { LoginResponse } from "../../lib/iscsi/pdu/login_response.ts";
import { ReadyToTransfer } from "../../lib/iscsi/pdu/ready_to_transfer.ts";
import { ScsiCommand } from "../../lib/iscsi/pdu/scsi_command.ts";
import { ScsiResponse } from "../../lib/iscsi/pdu/scsi_response.ts";
import type { ByteStream } from "../../lib/runtime/byte_stream.ts";
import { crc32c } from "../../lib/wire/crc32c.ts";
import type { Fields, Layout, View } from "../../lib/wire/layout.ts";
import { serialAdd } from "../../lib/wire/serial.ts";
import { bytePipe, type PipeEnd } from "./byte_pipe.ts";
import { type Keys, readPairs, textOf } from "./login.ts";
import { concatenate, type ReceivedPdu } from "./test_initiator.ts";

type FieldsOf<F extends Fields> = Partial<Omit<View<F>, "view" | "base">>;

/** Fields that every PDU with a status, or another response, has. */
interface Numbered {
  statSN?: number;
  expCmdSN?: number;
  maxCmdSN?: number;
}

export class ScriptedTarget<S extends ByteStream = PipeEnd> {
  readonly stream: S;
  /** Of the next response. */
  statSN = 0x7fff_fffe;
  expCmdSN = 1;
  /** Commands that may be under way. */
  windowLength = 64;
  headerDigest = false;
  dataDigest = false;
  /** What the initiator said in login. */
  keys = new Map<string, string>();
  #buffered: Uint8Array = new Uint8Array(0);
  #isOver = false;

  constructor(stream: S) {
    this.stream = stream;
  }

  /** The next PDU; null when the initiator has closed. */
  async receive(): Promise<ReceivedPdu | null> {
    if (!await this.#fill(BHS_LENGTH)) return null;
    const dataLength = new DataView(this.#buffered.buffer, this.#buffered.byteOffset).getUint32(4) &
      0xff_ffff;
    const at = BHS_LENGTH + (this.headerDigest ? 4 : 0);
    const padded = (dataLength + 3) & ~3;
    const length = at + padded + (this.dataDigest && dataLength > 0 ? 4 : 0);
    if (!await this.#fill(length)) return null;
    const octets = this.#buffered.slice(0, length);
    this.#buffered = this.#buffered.subarray(length);
    const header = octets.subarray(0, BHS_LENGTH);
    const opcode = octets[0]! & 0x3f;
    const isImmediate = (octets[0]! & 0x40) !== 0;
    if (!isImmediate && opcode !== Opcode.DATA_OUT && opcode !== Opcode.SNACK_REQUEST) {
      this.expCmdSN = serialAdd(this.expCmdSN, 1);
    }
    return {
      opcode,
      header,
      data: octets.subarray(at, at + dataLength),
      as: (layout) => new layout(header),
    };
  }

  async #fill(length: number): Promise<boolean> {
    const chunk = new Uint8Array(1 << 16);
    while (this.#buffered.length < length && !this.#isOver) {
      const count = await this.stream.read(chunk);
      if (count === null) this.#isOver = true;
      else this.#buffered = concatenate([this.#buffered, chunk.slice(0, count)]);
    }
    return this.#buffered.length >= length;
  }

  /** The next PDU, which must have this opcode. */
  async expect(opcode: number): Promise<ReceivedPdu> {
    const pdu = await this.receive();
    if (pdu?.opcode === opcode) return pdu;
    const what = pdu === null ? "closed" : `opcode 0x${pdu.opcode.toString(16)}`;
    throw new Error(`${what} instead of opcode 0x${opcode.toString(16)}`);
  }

  /** Reads until the initiator closes. */
  async expectEnd(): Promise<void> {
    while (await this.receive() !== null) { /* until it has closed */ }
  }

  /** Sends a PDU of this layout. */
  async send<F extends Fields>(
    opcode: number,
    layout: Layout<F>,
    fields: FieldsOf<F> & Numbered = {},
    data: Uint8Array = new Uint8Array(0),
  ): Promise<void> {
    await this.sendRaw(this.pdu(opcode, layout, fields, data));
  }

  /** The octets of a PDU; `dataSegmentLength` may be made to lie. */
  pdu<F extends Fields>(
    opcode: number,
    layout: Layout<F>,
    fields: FieldsOf<F> & Numbered,
    data: Uint8Array = new Uint8Array(0),
  ): Uint8Array {
    const padded = (data.length + 3) & ~3;
    const at = BHS_LENGTH + (this.headerDigest ? 4 : 0);
    const octets = new Uint8Array(at + padded + (this.dataDigest && data.length > 0 ? 4 : 0));
    Object.assign(new layout(octets), {
      opcode,
      ...("final" in layout.fields ? { final: true } : {}),
      expCmdSN: this.expCmdSN,
      maxCmdSN: serialAdd(this.expCmdSN, this.windowLength - 1),
      dataSegmentLength: data.length,
      ...fields,
    });
    octets.set(data, at);
    const digests = new DataView(octets.buffer);
    if (this.headerDigest) digests.setUint32(BHS_LENGTH, crc32c(octets, 0, BHS_LENGTH), true);
    if (this.dataDigest && data.length > 0) {
      digests.setUint32(at + padded, crc32c(octets, at, padded), true);
    }
    return octets;
  }

  async sendRaw(octets: Uint8Array): Promise<void> {
    while (octets.length > 0) octets = octets.subarray(await this.stream.write(octets));
  }

  /** The StatSN of a response, which uses it up. */
  takeStatSN(): number {
    const statSN = this.statSN;
    this.statSN = serialAdd(statSN, 1);
    return statSN;
  }

  /** The next Login Request, its keys noted. */
  async loginRequest(): Promise<{ header: View<typeof LoginRequest.fields>; text: string }> {
    const pdu = await this.expect(Opcode.LOGIN_REQUEST);
    const header = pdu.as(LoginRequest);
    const text = new TextDecoder().decode(pdu.data);
    for (const [key, value] of readPairs(text)) this.keys.set(key, value);
    this.expCmdSN = header.cmdSN;
    return { header, text };
  }

  /** Answers a Login Request as it was meant, unless told otherwise. */
  async answerLogin(
    request: View<typeof LoginRequest.fields>,
    keys: Keys = [],
    fields: FieldsOf<typeof LoginResponse.fields> = {},
  ): Promise<void> {
    const { transit, currentStage, nextStage, isid, initiatorTaskTag } = request;
    await this.send(Opcode.LOGIN_RESPONSE, LoginResponse, {
      ...{ transit, currentStage, nextStage, isid: isid.slice(), initiatorTaskTag },
      tsih: transit && nextStage === 3 ? 7 : request.tsih,
      statSN: this.takeStatSN(),
      ...fields,
    }, textOf(keys));
  }

  /** Logs the initiator in; `keys` are said in the operational stage. */
  async logIn(keys: Keys = []): Promise<void> {
    const security = await this.loginRequest();
    await this.answerLogin(security.header, { AuthMethod: "None", TargetPortalGroupTag: "1" });
    const operational = await this.loginRequest();
    await this.answerLogin(operational.header, keys);
    const agreed = new Map(Array.isArray(keys) ? keys : Object.entries(keys));
    this.headerDigest = agreed.get("HeaderDigest") === "CRC32C";
    this.dataDigest = agreed.get("DataDigest") === "CRC32C";
  }

  /** The next SCSI Command. */
  async command(): Promise<View<typeof ScsiCommand.fields>> {
    return (await this.expect(Opcode.SCSI_COMMAND)).as(ScsiCommand);
  }

  async respond(
    initiatorTaskTag: number,
    fields: FieldsOf<typeof ScsiResponse.fields> = {},
    data?: Uint8Array,
  ): Promise<void> {
    const statSN = fields.statSN ?? this.takeStatSN();
    const all = { initiatorTaskTag, ...fields, statSN };
    await this.send(Opcode.SCSI_RESPONSE, ScsiResponse, all, data);
  }

  /** CHECK CONDITION with sense data in fixed format. */
  async check(initiatorTaskTag: number, key: number, code: number): Promise<void> {
    const sense = new Uint8Array(20);
    sense.set([0, 18, 0x70, 0, key, 0, 0, 0, 0, 10]);
    sense.set([code >>> 8, code & 0xff], 14);
    await this.respond(initiatorTaskTag, { status: 2 }, sense);
  }

  /** Data for a read; with the status unless `hasStatus` says otherwise. */
  async dataIn(
    initiatorTaskTag: number,
    data: Uint8Array,
    fields: FieldsOf<typeof DataIn.fields> = {},
  ): Promise<void> {
    const hasStatus = fields.hasStatus ?? true;
    const statSN = hasStatus ? fields.statSN ?? this.takeStatSN() : 0;
    await this.send(Opcode.DATA_IN, DataIn, {
      ...{ initiatorTaskTag, targetTransferTag: RESERVED_TAG, hasStatus },
      ...fields,
      statSN,
    }, data);
  }

  async r2t(
    initiatorTaskTag: number,
    fields: FieldsOf<typeof ReadyToTransfer.fields>,
  ): Promise<void> {
    await this.send(Opcode.READY_TO_TRANSFER, ReadyToTransfer, {
      ...{ initiatorTaskTag, targetTransferTag: 1, statSN: this.statSN },
      ...fields,
    });
  }

  /** Data-Out PDUs up to the one with F: their data, and the headers. */
  async burst(): Promise<{ data: Uint8Array; headers: View<typeof DataOut.fields>[] }> {
    const parts: Uint8Array[] = [];
    const headers: View<typeof DataOut.fields>[] = [];
    for (;;) {
      const pdu = await this.expect(Opcode.DATA_OUT);
      parts.push(pdu.data);
      headers.push(pdu.as(DataOut));
      if (headers.at(-1)!.final) return { data: concatenate(parts), headers };
    }
  }
}

/** What a test has a target do on one connection. */
export type Script = (target: ScriptedTarget) => Promise<void>;

/** Runs scripts, a connection each, and knows how they ended. */
export class ScriptedPortal {
  readonly #scripts: Script[];
  readonly #runs: Promise<void>[] = [];
  /** The initiator's end of each connection. */
  readonly streams: PipeEnd[] = [];
  /** Octets that one of its reads gets at most. */
  readLimit = Infinity;

  /** The last script goes on being used. */
  constructor(...scripts: Script[]) {
    this.#scripts = scripts;
  }

  readonly answering = (): PipeEnd => {
    const [ours, theirs] = bytePipe();
    ours.readLimit = this.readLimit;
    const script = this.#scripts[Math.min(this.#runs.length, this.#scripts.length - 1)]!;
    this.streams.push(ours);
    const run = script(new ScriptedTarget(theirs));
    run.catch(() => undefined);
    this.#runs.push(run);
    return ours;
  };

  get connectionCount(): number {
    return this.#runs.length;
  }

  /** Fails if a script did: the initiator did something that it should not have. */
  async ended(): Promise<void> {
    await Promise.all(this.#runs);
  }
}
