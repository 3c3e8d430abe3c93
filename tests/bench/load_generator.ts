/**
 * Loads one LUN of any iSCSI target over one connection and prints what came through as JSON: the
 * same initiator for every target, with header and data digests where both sides agree on them.
 *
 * usage: load_generator.ts URL --op read|write --size OCTETS --depth N --seconds S [--sequential]
 *        [--digests] [--flush-every N]
 */
import { Found, Framer } from "../../lib/iscsi/framer.ts";
import { Opcode } from "../../lib/iscsi/opcode.ts";
import { DataIn } from "../../lib/iscsi/pdu/data_in.ts";
import { DataOut } from "../../lib/iscsi/pdu/data_out.ts";
import { LoginRequest } from "../../lib/iscsi/pdu/login_request.ts";
import { ReadyToTransfer } from "../../lib/iscsi/pdu/ready_to_transfer.ts";
import { ScsiCommand } from "../../lib/iscsi/pdu/scsi_command.ts";
import { ScsiResponse } from "../../lib/iscsi/pdu/scsi_response.ts";
import { PduWriter } from "../../lib/iscsi/pdu_writer.ts";
import { BufferPool } from "../../lib/wire/buffer_pool.ts";
import { Inbox } from "../../lib/wire/inbox.ts";
import { Outbox } from "../../lib/wire/outbox.ts";

const SEGMENT = 262_144;
const BUFFER = 16 << 20;

export interface Load {
  readonly url: string;
  readonly write: boolean;
  /** Octets an operation. */
  readonly size: number;
  readonly depth: number;
  readonly seconds: number;
  readonly sequential: boolean;
  readonly digests: boolean;
  /** A SYNCHRONIZE CACHE after so many writes; 0 for none. */
  readonly flushEvery: number;
}

class LoadGenerator {
  readonly #load: Load;
  readonly #stream: Deno.TcpConn;
  readonly #inbox: Inbox;
  readonly #outbox: Outbox;
  readonly #writer: PduWriter;
  readonly #framer: Framer;
  readonly #command = new ScsiCommand();
  readonly #response = new ScsiResponse();
  readonly #dataIn = new DataIn();
  readonly #r2t = new ReadyToTransfer();
  readonly #dataOut = new DataOut();
  readonly #lun: number;
  readonly #payload: Uint8Array;
  #keys = new Map<string, string>();
  #cmdSN = 1;
  #expStatSN = 0;
  #tag = 1;
  #blockLength = 512;
  #blocks = 0;
  #nextLba = 0;
  #sinceFlush = 0;
  #outstanding = 0;
  operations = 0;

  constructor(load: Load, stream: Deno.TcpConn, lun: number) {
    this.#load = load;
    this.#stream = stream;
    this.#lun = lun;
    const pool = new BufferPool(BUFFER, BUFFER, 8, 8);
    this.#inbox = new Inbox(1 << 20, pool);
    this.#outbox = new Outbox(pool);
    this.#writer = new PduWriter(this.#outbox);
    this.#framer = new Framer(this.#inbox, SEGMENT);
    this.#payload = crypto.getRandomValues(new Uint8Array(65_536));
    if (load.size > this.#payload.length) {
      const whole = new Uint8Array(load.size);
      for (let at = 0; at < load.size; at += 65_536) whole.set(this.#payload, at);
      this.#payload = whole;
    }
  }

  static async run(load: Load): Promise<{ operations: number; elapsedMs: number }> {
    const { hostname, port, pathname } = new URL(load.url.replace(/^iscsi:/, "http:"));
    const [, name, lun] = decodeURIComponent(pathname).split("/");
    const stream = await Deno.connect({ hostname, port: Number(port) });
    stream.setNoDelay(true);
    const generator = new LoadGenerator(load, stream, Number(lun));
    try {
      await generator.#login(name!);
      await generator.#capacity();
      return await generator.#loop();
    } finally {
      stream.close();
    }
  }

  async #login(target: string): Promise<void> {
    const digest = this.#load.digests ? "CRC32C" : "None";
    const keys = {
      InitiatorName: "iqn.2026-01.org.example:load",
      TargetName: target,
      SessionType: "Normal",
      HeaderDigest: digest,
      DataDigest: digest,
      InitialR2T: "No",
      ImmediateData: "Yes",
      MaxRecvDataSegmentLength: String(SEGMENT),
      MaxBurstLength: "1048576",
      FirstBurstLength: "262144",
      MaxOutstandingR2T: "8",
      MaxConnections: "1",
      ErrorRecoveryLevel: "0",
      DefaultTime2Wait: "0",
      DefaultTime2Retain: "0",
    };
    const text = Object.entries(keys).map(([key, value]) => `${key}=${value}\0`).join("");
    const data = new TextEncoder().encode(text);
    const base = this.#writer.reserve(data.length);
    const request = new LoginRequest(this.#writer.octets, base);
    request.opcode = Opcode.LOGIN_REQUEST;
    request.immediate = true;
    request.transit = true;
    request.currentStage = 1;
    request.nextStage = 3;
    request.isid = Uint8Array.of(0x80, ...crypto.getRandomValues(new Uint8Array(5)));
    request.cmdSN = this.#cmdSN;
    this.#writer.octets.set(data, this.#writer.dataAt(base));
    this.#writer.seal(base);
    await this.#flush();
    await this.#receive();
    const framer = this.#framer;
    const status = framer.view.getUint16(framer.base + 36);
    if (status !== 0) throw new Error(`login status 0x${status.toString(16)}`);
    const end = framer.dataAt + framer.dataLength;
    const answer = new TextDecoder().decode(framer.octets.subarray(framer.dataAt, end));
    for (const pair of answer.split("\0")) {
      const at = pair.indexOf("=");
      if (at > 0) this.#keys.set(pair.slice(0, at), pair.slice(at + 1));
    }
    this.#expStatSN = framer.view.getUint32(framer.base + 24) + 1;
    this.#inbox.take(framer.length);
    const agreed = (key: string): boolean => this.#keys.get(key) === "CRC32C";
    this.#framer.headerDigest = this.#writer.headerDigest = agreed("HeaderDigest");
    this.#framer.dataDigest = this.#writer.dataDigest = agreed("DataDigest");
  }

  /** READ CAPACITY(16), again while there are unit attentions. */
  async #capacity(): Promise<void> {
    for (let tries = 0; tries < 8; tries++) {
      const base = this.#begin(32, true, false);
      this.#command.view.setUint8(base + 32, 0x9e);
      this.#command.view.setUint8(base + 33, 0x10);
      this.#command.view.setUint8(base + 45, 32);
      this.#writer.seal(base);
      await this.#flush();
      if (await this.#capacityCame()) return;
    }
    throw new Error("no capacity");
  }

  /** Reads the answer; false where the status is not GOOD, whatever data came before it. */
  async #capacityCame(): Promise<boolean> {
    const framer = this.#framer;
    for (;;) {
      await this.#receive();
      const isData = (framer.octets[framer.base]! & 0x3f) === Opcode.DATA_IN;
      const hasStatus = !isData || (framer.octets[framer.base + 1]! & 1) !== 0;
      const status = framer.octets[framer.base + 3]!;
      if (isData) {
        this.#blocks = framer.view.getUint32(framer.dataAt + 4) + 1;
        this.#blockLength = framer.view.getUint32(framer.dataAt + 8);
      }
      this.#inbox.take(framer.length);
      if (hasStatus) return status === 0;
    }
  }

  async #loop(): Promise<{ operations: number; elapsedMs: number }> {
    const start = performance.now();
    const endMs = start + this.#load.seconds * 1000;
    let running = true;
    while (this.#outstanding < this.#load.depth) this.#issue();
    while (running || this.#outstanding > 0) {
      await this.#flush();
      await this.#fill();
      running &&= performance.now() < endMs;
      while (this.#framer.next() === Found.PDU) {
        this.#deal(running);
        this.#inbox.take(this.#framer.length);
      }
    }
    return { operations: this.operations, elapsedMs: performance.now() - start };
  }

  /** Lays out a SCSI Command without its CDB. */
  #begin(length: number, read: boolean, write: boolean, immediate = 0): number {
    const base = this.#writer.reserve(immediate);
    const command = this.#command;
    command.view = this.#writer.view;
    command.base = base;
    command.opcode = Opcode.SCSI_COMMAND;
    command.final = true;
    command.read = read;
    command.write = write;
    command.attribute = 1;
    command.view.setUint16(base + 8, this.#lun);
    command.initiatorTaskTag = this.#tag = this.#tag === 0xfffffffe ? 1 : this.#tag + 1;
    command.expectedDataTransferLength = length;
    command.cmdSN = this.#cmdSN++;
    command.expStatSN = this.#expStatSN;
    return base;
  }

  #issue(): void {
    const { write, size, sequential, flushEvery } = this.#load;
    this.#outstanding++;
    if (write && flushEvery > 0 && ++this.#sinceFlush > flushEvery) {
      this.#sinceFlush = 0;
      const base = this.#begin(0, false, false);
      this.#command.view.setUint8(base + 32, 0x35);
      this.#writer.seal(base);
      return;
    }
    const count = size / this.#blockLength;
    const slots = Math.floor(this.#blocks / count);
    const slot = sequential ? this.#nextLba++ % slots : Math.floor(Math.random() * slots);
    const immediate = write ? this.#immediateLength(size) : 0;
    const base = this.#begin(size, !write, write, immediate);
    const view = this.#command.view;
    view.setUint8(base + 32, write ? 0x8a : 0x88);
    view.setUint32(base + 38, slot * count);
    view.setUint32(base + 42, count);
    if (immediate > 0) {
      const at = this.#writer.dataAt(base);
      this.#writer.octets.set(this.#payload.subarray(0, immediate), at);
    }
    this.#writer.seal(base);
  }

  #immediateLength(size: number): number {
    if (this.#keys.get("ImmediateData") === "No") return 0;
    const firstBurst = Number(this.#keys.get("FirstBurstLength") ?? 65_536);
    return Math.min(size, firstBurst, this.#targetSegment);
  }

  get #targetSegment(): number {
    return Math.min(SEGMENT, Number(this.#keys.get("MaxRecvDataSegmentLength") ?? 8192));
  }

  #deal(running: boolean): void {
    const framer = this.#framer;
    const opcode = framer.octets[framer.base]! & 0x3f;
    if (opcode === Opcode.DATA_IN) {
      const dataIn = this.#dataIn;
      dataIn.view = framer.view;
      dataIn.base = framer.base;
      if (dataIn.hasStatus) this.#ended(dataIn.statSN, dataIn.status, running);
    } else if (opcode === Opcode.SCSI_RESPONSE) {
      const response = this.#response;
      response.view = framer.view;
      response.base = framer.base;
      this.#ended(response.statSN, response.status, running);
    } else if (opcode === Opcode.READY_TO_TRANSFER) {
      this.#answer();
    }
  }

  #ended(statSN: number, status: number, running: boolean): void {
    if (status !== 0) throw new Error(`status ${status}`);
    this.#expStatSN = statSN + 1;
    this.#outstanding--;
    this.operations++;
    if (running) this.#issue();
  }

  /** Sends what an R2T asks for. */
  #answer(): void {
    const r2t = this.#r2t;
    r2t.view = this.#framer.view;
    r2t.base = this.#framer.base;
    const end = r2t.bufferOffset + r2t.desiredDataTransferLength;
    let dataSN = 0;
    for (let at = r2t.bufferOffset; at < end;) {
      const length = Math.min(this.#targetSegment, end - at);
      const base = this.#writer.reserve(length);
      const pdu = this.#dataOut;
      pdu.view = this.#writer.view;
      pdu.base = base;
      pdu.opcode = Opcode.DATA_OUT;
      pdu.final = at + length === end;
      pdu.view.setUint16(base + 8, this.#lun);
      pdu.initiatorTaskTag = r2t.initiatorTaskTag;
      pdu.targetTransferTag = r2t.targetTransferTag;
      pdu.expStatSN = this.#expStatSN;
      pdu.dataSN = dataSN++;
      pdu.bufferOffset = at;
      this.#writer.octets.set(this.#payload.subarray(at, at + length), this.#writer.dataAt(base));
      this.#writer.seal(base);
      at += length;
    }
  }

  async #flush(): Promise<void> {
    if (this.#outbox.length === 0) return;
    let octets = this.#outbox.drain();
    while (octets.length > 0) octets = octets.subarray(await this.#stream.write(octets));
    this.#outbox.drained();
  }

  async #fill(): Promise<void> {
    const count = await this.#stream.read(this.#inbox.space());
    if (count === null) throw new Error("the target closed the connection");
    this.#inbox.fill(count);
  }

  /** Waits for one whole PDU. */
  async #receive(): Promise<void> {
    while (this.#framer.next() !== Found.PDU) await this.#fill();
  }
}

/** The value behind an option. */
function option(name: string, otherwise: string): string {
  const at = Deno.args.indexOf(`--${name}`);
  return at < 0 ? otherwise : Deno.args[at + 1]!;
}

if (import.meta.main) {
  const result = await LoadGenerator.run({
    url: Deno.args[0]!,
    write: option("op", "read") === "write",
    size: Number(option("size", "4096")),
    depth: Number(option("depth", "32")),
    seconds: Number(option("seconds", "3")),
    sequential: Deno.args.includes("--sequential"),
    digests: Deno.args.includes("--digests"),
    flushEvery: Number(option("flush-every", "0")),
  });
  const { operations, elapsedMs } = result;
  console.log(JSON.stringify({ operations, elapsedMs, perSecond: operations / elapsedMs * 1000 }));
}
