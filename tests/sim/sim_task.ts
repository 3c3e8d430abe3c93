/**
 * One command of a simulated initiator: its data both ways, and what must be true of its answers.
 */
import { DataIn } from "../../lib/iscsi/pdu/data_in.ts";
import { ReadyToTransfer } from "../../lib/iscsi/pdu/ready_to_transfer.ts";
import { ScsiResponse } from "../../lib/iscsi/pdu/scsi_response.ts";
import { Status } from "../../lib/scsi/status.ts";
import type { ReceivedPdu } from "../support/test_initiator.ts";
import { equal, type Intent } from "./intent.ts";
import type { SimConnection } from "./sim_connection.ts";
import type { Watch } from "./sim_disk.ts";
import type { SimSession } from "./sim_session.ts";

export interface SimCommand {
  readonly name: string;
  readonly cdb: Uint8Array;
  /** Octets to be read. */
  readonly readLength: number;
  readonly dataOut: Uint8Array;
  readonly intent?: Intent;
  /** Where what is read lies; undefined for what is not on the disk. */
  readonly readOffset?: number;
  /** Sense keys with which it may fail, besides those that may come any time. */
  readonly failures: readonly number[];
  readonly attribute: number;
}

/** Told of unit attentions, and of a medium that was made to fail. */
const ALWAYS_ALLOWED = [0x06, 0x03];

/** "gone": aborted, or lost with its connection. */
export type SimOutcome = "good" | "failed" | "gone";

interface Expected {
  readonly targetTransferTag: number;
  readonly length: number;
}

export class SimTask {
  readonly command: SimCommand;
  readonly connection: SimConnection;
  readonly tag: number;
  readonly cmdSN: number;
  readonly ended: Promise<SimOutcome>;
  /** Somebody else's task management may have ended it without a word. */
  mayBeKilled = false;
  readonly #session: SimSession;
  readonly #end: (outcome: SimOutcome) => void;
  readonly #read: Uint8Array;
  readonly #watch: Watch | undefined;
  #readLength = 0;
  /** Octets of the burst that comes. */
  #burst = 0;
  #dataSN = 0;
  #r2tSN = 0;
  #solicited: number | undefined;
  readonly #bursts: Expected[] = [];

  constructor(session: SimSession, connection: SimConnection, command: SimCommand, tag: number) {
    this.#session = session;
    this.connection = connection;
    this.command = command;
    this.tag = tag;
    this.cmdSN = session.takeCmdSN();
    const { promise, resolve } = Promise.withResolvers<SimOutcome>();
    this.ended = promise;
    this.#end = resolve;
    this.#read = new Uint8Array(command.readLength);
    const { readOffset } = command;
    if (readOffset !== undefined) {
      this.#watch = session.disk.watch(readOffset, command.readLength);
    }
    if (command.intent !== undefined) session.disk.intents.add(command.intent);
  }

  get name(): string {
    return `${this.command.name} (tag ${this.tag}, CmdSN ${this.cmdSN})`;
  }

  /** Sends the command with what may go with it unasked. */
  async send(): Promise<void> {
    const { parameters, world } = this.#session;
    const { dataOut, cdb, readLength, attribute } = this.command;
    const { length } = dataOut;
    const { chance } = world;
    const unasked = Math.min(parameters.firstBurstLength, length);
    const immediate = parameters.immediateData ? chance.between(0, unasked) : 0;
    const isMore = !parameters.initialR2T && immediate < unasked && chance.in100(60);
    const end = isMore ? chance.between(immediate + 1, unasked) : immediate;
    this.#solicited = end;
    const { tag, cmdSN, connection } = this;
    await connection.post((initiator) =>
      initiator.command({
        ...{ cdb, tag, cmdSN, attribute },
        read: readLength > 0,
        write: length > 0,
        length: Math.max(length, readLength),
        data: dataOut.subarray(0, immediate),
        final: !isMore,
      })
    );
    if (isMore) await this.#sendBurst(0xffffffff, immediate, end);
  }

  async #sendBurst(targetTransferTag: number, from: number, end: number): Promise<void> {
    const { world } = this.#session;
    const { dataOut } = this.command;
    for (let at = from, dataSN = 0; at < end; dataSN++) {
      const next = world.chance.in100(50) ? end : world.chance.between(at + 1, end);
      const fields = { targetTransferTag, dataSN, bufferOffset: at, final: next === end };
      const data = dataOut.subarray(at, next);
      await this.connection.post((initiator) => initiator.dataOut(this.tag, fields, data));
      at = next;
    }
  }

  dataIn(pdu: ReceivedPdu): void {
    const fields = pdu.as(DataIn);
    const { maxBurstLength, maxRecvDataSegmentLength } = this.#session.parameters;
    if (fields.dataSN !== this.#dataSN++) this.#wrong("DataSN out of order");
    if (fields.bufferOffset !== this.#readLength) this.#wrong("Data-In out of order");
    if (pdu.data.length > maxRecvDataSegmentLength) this.#wrong("Data-In that is too long");
    if (this.#readLength + pdu.data.length > this.#read.length) {
      return this.#wrong("more Data-In than was asked for");
    }
    this.#read.set(pdu.data, this.#readLength);
    this.#readLength += pdu.data.length;
    this.#burst += pdu.data.length;
    if (this.#burst > maxBurstLength) this.#wrong("a burst that is too long");
    if (this.#burst === maxBurstLength && !fields.final) this.#wrong("a burst without its end");
    if (fields.final) this.#burst = 0;
    if (fields.hasStatus) this.#finish(fields, 0);
  }

  readyToTransfer(pdu: ReceivedPdu): void {
    const fields = pdu.as(ReadyToTransfer);
    const { maxBurstLength, maxOutstandingR2T } = this.#session.parameters;
    const { bufferOffset, desiredDataTransferLength, targetTransferTag } = fields;
    const end = bufferOffset + desiredDataTransferLength;
    if (fields.r2tSN !== this.#r2tSN++) this.#wrong("R2TSN out of order");
    if (bufferOffset !== this.#solicited) this.#wrong("an R2T for data out of order");
    if (desiredDataTransferLength < 1 || desiredDataTransferLength > maxBurstLength) {
      this.#wrong("an R2T for a burst of the wrong length");
    }
    if (end > this.command.dataOut.length) return this.#wrong("an R2T for more than there is");
    this.#solicited = end;
    this.#bursts.push({ targetTransferTag, length: desiredDataTransferLength });
    if (this.#bursts.length > maxOutstandingR2T) this.#wrong("too many R2Ts");
    if (this.#bursts.length === 1) this.#answerR2Ts(end - desiredDataTransferLength);
  }

  /** One after the other: DataSequenceInOrder. */
  async #answerR2Ts(from: number): Promise<void> {
    for (let at = from; this.#bursts.length > 0; this.#bursts.shift()) {
      const { targetTransferTag, length } = this.#bursts[0]!;
      await this.#sendBurst(targetTransferTag, at, at + length);
      at += length;
    }
  }

  response(pdu: ReceivedPdu): void {
    const fields = pdu.as(ScsiResponse);
    const sense = pdu.data.subarray(2);
    const isDescriptor = ((sense[0] ?? 0) & 0x7f) >= 0x72;
    this.#finish(fields, (sense[isDescriptor ? 1 : 2] ?? 0) & 0x0f);
  }

  #finish(
    fields: { status: number; underflow: boolean; overflow: boolean; residualCount: number },
    senseKey: number,
  ): void {
    const { status, underflow, residualCount } = fields;
    const { command } = this;
    const isGood = status === Status.GOOD || status === Status.CONDITION_MET;
    const moved = command.readLength - (underflow ? residualCount : 0);
    if (command.readLength > 0 && moved !== this.#readLength) this.#wrong("a wrong residual");
    if (isGood) this.#checkGood();
    else if (status === Status.CHECK_CONDITION) {
      const allowed = [...ALWAYS_ALLOWED, ...command.failures];
      if (!allowed.includes(senseKey)) this.#wrong(`sense key ${senseKey}`);
    } else if (status !== Status.TASK_SET_FULL && status !== Status.BUSY) {
      this.#wrong(`status ${status}`);
    }
    this.conclude(isGood ? "good" : "failed");
  }

  #checkGood(): void {
    const { intent, readOffset } = this.command;
    const { disk } = this.#session;
    if (intent?.isWhole === false) this.#wrong("GOOD for what has not been written");
    if (this.#watch?.explains(this.#read.subarray(0, this.#readLength)) === false) {
      const now = disk.peek(readOffset!, this.#readLength);
      const state = equal(now, this.#read) ? "" : ", nor is it there now";
      this.#wrong(`read what was never there while it read${state}`);
    }
  }

  /** It is over; unless `stays`, nothing more of it may reach the disk. */
  conclude(outcome: SimOutcome, stays = false): void {
    const { disk, tasks } = this.#session;
    tasks.delete(this.tag);
    const { intent } = this.command;
    if (intent !== undefined && !stays) {
      intent.isLive = false;
      disk.intents.delete(intent);
    }
    if (this.#watch !== undefined) disk.unwatch(this.#watch);
    this.#end(outcome);
  }

  #wrong(what: string): void {
    this.#session.wrong(`${this.name}: ${what}`);
  }
}
