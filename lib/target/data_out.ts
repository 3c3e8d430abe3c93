/**
 * Takes the data of commands that write: immediate, unsolicited, and asked for by R2T. Each segment
 * goes to its place on the medium (or into the command's own buffer) as soon as its PDU is whole.
 * What breaks the rules fails its command, and nothing more of it reaches the medium. RFC 7143
 * 11.7, 11.8.
 */
import { RESERVED_TAG } from "../iscsi/bhs.ts";
import type { Frame } from "../iscsi/frame.ts";
import type { SessionParameters } from "../iscsi/parameters.ts";
import { DataOut as DataOutPdu } from "../iscsi/pdu/data_out.ts";
import {
  NOT_ENOUGH_UNSOLICITED_DATA,
  PROTOCOL_SERVICE_CRC_ERROR,
  type Sense,
  UNEXPECTED_UNSOLICITED_DATA,
} from "../scsi/sense.ts";
import { Step } from "../scsi/task.ts";
import { serialAdd } from "../wire/serial.ts";
import type { Answers } from "./answers.ts";
import type { OctetCount } from "./octet_count.ts";
import type { TargetTask } from "./target_task.ts";

/** What becomes of tasks, decided by the command flow. */
export interface DataOutHost {
  /** All data is in its place. */
  received(task: TargetTask): void;
  /** The command fails as `reason` says: sense data, or what the device threw. */
  failed(task: TargetTask, reason: unknown): void;
  /** The failed task has no data on its way any more. */
  drained(task: TargetTask): void;
  /**
   * An asynchronous operation of the task ended; it may be gone since. Answers whether it lives on.
   */
  resumed(task: TargetTask): boolean;
  /** An R2T can be laid out now; where not, `produce` is called when that may have changed. */
  readonly hasRoomToAsk: boolean;
  /** Something went wrong that no peer and no device did. */
  crashed(error: unknown): void;
  wake(): void;
}

/** Octets that may be asked for, or be on their way to the medium, before R2Ts wait. */
const ASKED_LIMIT = 16 << 20;

export interface DataOutOptions {
  readonly answers: Answers;
  readonly parameters: SessionParameters;
  readonly takeTargetTransferTag: () => number;
  readonly pendingWrites: OctetCount;
  readonly host: DataOutHost;
}

/** Of all connections: one of its own would keep the large buffer that it was last laid upon. */
const pdu = new DataOutPdu();

export class DataOut {
  readonly #answers: Answers;
  readonly #host: DataOutHost;
  readonly #parameters: SessionParameters;
  readonly #takeTargetTransferTag: () => number;
  readonly #pendingWrites: OctetCount;
  /** Octets of asynchronous writes under way. */
  pendingOctets = 0;
  /** Octets that R2Ts have asked for and that have not come. */
  #askedOctets = 0;
  /** Tasks with R2Ts that could not be sent yet, oldest first. */
  readonly #unasked: TargetTask[] = [];

  constructor(options: DataOutOptions) {
    this.#answers = options.answers;
    this.#parameters = options.parameters;
    this.#takeTargetTransferTag = options.takeTargetTransferTag;
    this.#pendingWrites = options.pendingWrites;
    this.#host = options.host;
  }

  /**
   * Notes the unsolicited data that a SCSI Command announces, before anything is known of the
   * command. Answers what is wrong with it. RFC 7143 4.2.5.2, 13.10, 13.11, 13.14.
   */
  announce(task: TargetTask, immediateLength: number, final: boolean): Sense | undefined {
    const { firstBurstLength, immediateData, initialR2T } = this.#parameters;
    const most = task.writes ? Math.min(firstBurstLength, task.expectedDataTransferLength) : 0;
    if (!final && task.writes) {
      task.addBurst(RESERVED_TAG, immediateLength, Math.max(most, immediateLength));
    }
    if (immediateLength > most || (immediateLength > 0 && !immediateData)) {
      return UNEXPECTED_UNSOLICITED_DATA;
    }
    return !final && initialR2T ? UNEXPECTED_UNSOLICITED_DATA : undefined;
  }

  /** The command has begun and wants its data; what came with it lies in `octets`. */
  begin(task: TargetTask, octets: Uint8Array, at: number, length: number): void {
    if (length > 0) this.#place(task, octets, at, 0, length);
    if (task.step === Step.DONE) return; // placing it failed
    task.solicited = length;
    if (task.burstCount === 0) this.#solicit(task);
    this.#settle(task);
  }

  /** A Data-Out PDU for a task that is known; false if no data of it is due. */
  receive(task: TargetTask, frame: Frame): boolean {
    if (task.burstCount === 0) return false;
    pdu.view = frame.view;
    pdu.base = frame.base;
    const burst = task.bursts[0]!;
    const { dataLength } = frame;
    const { bufferOffset, final } = pdu;
    const fault = this.#faultOf(task, dataLength);
    burst.dataSN = serialAdd(burst.dataSN, 1);
    if (fault === undefined) burst.next += dataLength;
    if (!task.draining && (task.dormant || isTaking(task))) {
      if (fault !== undefined) this.#host.failed(task, fault);
      else if (task.dormant) keep(task, frame, burst.end);
      else this.#place(task, frame.octets, frame.dataAt, bufferOffset, dataLength);
    }
    if (final) this.#endBurst(task);
    return true;
  }

  /** What is wrong with the Data-Out PDU at hand. */
  #faultOf(task: TargetTask, dataLength: number): Sense | undefined {
    const burst = task.bursts[0]!;
    // 11.7.5: a DataSN out of order means that a PDU before it was lost. It is treated as RFC 7143
    // 7.8 treats the loss of data at error recovery level 0: the command fails.
    if (pdu.dataSN !== burst.dataSN) return PROTOCOL_SERVICE_CRC_ERROR;
    if (pdu.targetTransferTag !== burst.targetTransferTag || pdu.bufferOffset !== burst.next) {
      return UNEXPECTED_UNSOLICITED_DATA;
    }
    return burst.next + dataLength > burst.end ? UNEXPECTED_UNSOLICITED_DATA : undefined;
  }

  #endBurst(task: TargetTask): void {
    const burst = task.bursts[0]!;
    const solicited = burst.targetTransferTag !== RESERVED_TAG;
    // 11.7.1: solicited data ends where the R2T said, unsolicited data where the initiator pleases.
    const short = solicited && burst.next !== burst.end;
    if (solicited) this.#askedOctets -= burst.length;
    else task.solicited = burst.next;
    task.removeOldestBurst();
    if (task.draining) {
      if (task.burstCount === 0) this.#host.drained(task);
    } else if (isTaking(task)) {
      // One that is dormant asks for the rest itself, once it has begun.
      if (short) return this.#host.failed(task, NOT_ENOUGH_UNSOLICITED_DATA);
      this.#solicit(task);
      this.#settle(task);
    }
  }

  /** Asks for the next bursts of the task, now or in its turn. */
  #solicit(task: TargetTask): void {
    if (task.unasked || !this.#wants(task)) return;
    if (this.#unasked.length === 0 && this.#ask(task)) return;
    task.unasked = true;
    this.#unasked.push(task);
  }

  #wants(task: TargetTask): boolean {
    return task.burstCount < this.#parameters.maxOutstandingR2T &&
      task.solicited < task.transferLength;
  }

  /** Asks for as many bursts as may be on their way at once; false if some must wait. */
  #ask(task: TargetTask): boolean {
    while (this.#wants(task)) {
      const from = task.solicited;
      const end = Math.min(from + this.#parameters.maxBurstLength, task.transferLength);
      if (!this.#mayAsk(end - from)) return false;
      task.addBurst(this.#takeTargetTransferTag(), from, end);
      task.solicited = end;
      this.#askedOctets += end - from;
      this.#answers.readyToTransfer(task, task.bursts[task.burstCount - 1]!);
    }
    return true;
  }

  #mayAsk(length: number): boolean {
    const underWay = this.#askedOctets + this.pendingOctets;
    return this.#host.hasRoomToAsk && (underWay === 0 || underWay + length <= ASKED_LIMIT);
  }

  /** Sends the R2Ts that had to wait, as far as they need not wait any longer. */
  produce(): void {
    while (this.#unasked.length > 0 && this.#ask(this.#unasked[0]!)) {
      this.#unasked.shift()!.unasked = false;
    }
  }

  /** The task has ended: nothing more is asked for. */
  askNoMore(task: TargetTask): void {
    if (!task.unasked) return;
    task.unasked = false;
    this.#unasked.splice(this.#unasked.indexOf(task), 1);
  }

  /** The task was aborted: nothing more is awaited either. */
  forget(task: TargetTask): void {
    this.askNoMore(task);
    for (; task.burstCount > 0; task.removeOldestBurst()) {
      const burst = task.bursts[0]!;
      if (burst.targetTransferTag !== RESERVED_TAG) this.#askedOctets -= burst.length;
    }
    if (this.#unasked.length > 0) this.#host.wake();
  }

  /** Puts one segment where it belongs; what the command has no use for is dropped. */
  #place(task: TargetTask, octets: Uint8Array, at: number, offset: number, length: number): void {
    const wanted = Math.min(length, task.transferLength - offset);
    if (wanted <= 0) return;
    if (task.step === Step.COLLECT) {
      task.data.set(octets.subarray(at, at + wanted), offset);
      task.moved += wanted;
      return;
    }
    const unit = task.unit!;
    try {
      if (unit.locks.idle && unit.device.writeNow(task.offset + offset, octets, at, wanted)) {
        task.moved += wanted;
        return;
      }
    } catch (error) {
      this.#host.failed(task, error);
      return;
    }
    task.pending++;
    this.#addPending(wanted);
    this.#write(task, octets.slice(at, at + wanted), offset);
  }

  async #write(task: TargetTask, octets: Uint8Array, offset: number): Promise<void> {
    const unit = task.unit!;
    let error: unknown;
    try {
      const release = await unit.locks.shared(task.offset + offset, octets.length);
      try {
        if (!task.aborted) {
          await unit.device.write(task.offset + offset, octets, 0, octets.length);
        }
      } finally {
        release();
      }
    } catch (reason) {
      error = reason;
    }
    this.#addPending(-octets.length);
    try {
      if (this.#host.resumed(task)) this.#written(task, octets.length, error);
    } catch (bug) {
      this.#host.crashed(bug);
    }
    this.#host.wake();
  }

  #written(task: TargetTask, length: number, error: unknown): void {
    if (task.draining) {
      if (task.pending === 0 && task.burstCount === 0) this.#host.drained(task);
    } else if (error !== undefined) {
      this.#host.failed(task, error);
    } else {
      task.moved += length;
      this.#settle(task);
    }
  }

  #addPending(octets: number): void {
    this.pendingOctets += octets;
    this.#pendingWrites.octets += octets;
  }

  /** Goes on when everything is in its place. */
  #settle(task: TargetTask): void {
    if (task.pending > 0 || task.burstCount > 0 || task.moved < task.transferLength) return;
    this.#host.received(task);
  }
}

/**
 * The command's data is wanted now. That of a command which takes none, or has failed, is on its
 * way all the same where it was announced: it is received and dropped.
 */
function isTaking(task: TargetTask): boolean {
  return task.step === Step.WRITE || task.step === Step.COLLECT;
}

/** Keeps unsolicited data of a command that has to wait for its turn; `most` bounds it. */
function keep(task: TargetTask, frame: Frame, most: number): void {
  const kept = task.immediateData;
  const { dataAt, dataLength } = frame;
  if (kept === undefined || kept.buffer.byteLength < most) {
    task.immediateData = new Uint8Array(new ArrayBuffer(most), 0, 0);
    if (kept !== undefined) task.immediateData = append(task.immediateData, kept);
  }
  const octets = frame.octets.subarray(dataAt, dataAt + dataLength);
  task.immediateData = append(task.immediateData!, octets);
}

/** `octets` behind what is in `window`, in the same buffer. */
function append(window: Uint8Array, octets: Uint8Array): Uint8Array {
  const wider = new Uint8Array(window.buffer, 0, window.length + octets.length);
  wider.set(octets, window.length);
  return wider;
}
