/**
 * Sends the data of commands: a queue of tasks that have some, drawn from as the outbox has room.
 * What a device can read at once is read straight into the outbox; what it cannot is read ahead
 * into a buffer of the task's own, and joins the queue again when it is there. RFC 7143 11.7.
 */
import { RESERVED_TAG } from "../iscsi/bhs.ts";
import { Opcode } from "../iscsi/opcode.ts";
import type { ConnectionParameters } from "../iscsi/parameters.ts";
import { DataIn as DataInPdu } from "../iscsi/pdu/data_in.ts";
import { Status } from "../scsi/status.ts";
import { Step } from "../scsi/task.ts";
import type { Answers } from "./answers.ts";
import type { PduWriter } from "../iscsi/pdu_writer.ts";
import { residual } from "./residual.ts";
import type { TargetTask } from "./target_task.ts";

/** Octets of one asynchronous read, and of all that a connection has read ahead and not sent. */
const READ_AHEAD_LENGTH = 256 << 10;
const READ_AHEAD_LIMIT = 4 << 20;

/** Less room than this is not worth a Data-In PDU, unless it holds all that is left. */
const LEAST_ROOM = 16 << 10;

/**
 * So many octets of short reads leave without more: the initiator deals with them while the next
 * ones are laid out. Of long ones a full outbox costs less.
 */
const BATCH_LENGTH = 32 << 10;
const SHORT = 32 << 10;

/** What becomes of tasks, decided by whoever made the queue. */
export interface DataInHost {
  /** The status is about to be sent, with which the command no longer counts as outstanding. */
  answering(task: TargetTask): void;
  /** All data has been sent, and the status with it or not. */
  sent(task: TargetTask, withStatus: boolean): void;
  /** The device failed. */
  failed(task: TargetTask, error: unknown): void;
  /**
   * An asynchronous operation of the task ended; it may be gone since. Answers whether it lives on.
   */
  resumed(task: TargetTask): boolean;
  /** Something went wrong that no peer and no device did. */
  crashed(error: unknown): void;
  /** Something can be sent again. */
  wake(): void;
}

/** Of all connections: one of its own would keep the large buffer that it was last laid upon. */
const pdu = new DataInPdu();

export class DataIn {
  readonly #writer: PduWriter;
  readonly #answers: Answers;
  readonly #host: DataInHost;
  readonly #parameters: ConnectionParameters;
  readonly #maxBurstLength: number;
  /** Tasks with data to send, the next one at `#head`. */
  #queue: TargetTask[] = [];
  #head = 0;
  /** Tasks whose data has been read ahead: first, since it takes memory until it is sent. */
  #ready: TargetTask[] = [];
  /** Octets that are being read ahead, or wait to be sent. */
  #readAhead = 0;
  /** Tasks that wait until less is read ahead; others, of quicker disks or none, pass them by. */
  #waiting: TargetTask[] = [];

  constructor(
    writer: PduWriter,
    answers: Answers,
    limits: { readonly parameters: ConnectionParameters; readonly maxBurstLength: number },
    host: DataInHost,
  ) {
    this.#writer = writer;
    this.#answers = answers;
    this.#parameters = limits.parameters;
    this.#maxBurstLength = limits.maxBurstLength;
    this.#host = host;
  }

  /** Tasks that wait for room. */
  get length(): number {
    return this.#ready.length + this.#queue.length - this.#head + this.#waiting.length;
  }

  /** The task has `transferLength` octets to send, or only its status. */
  add(task: TargetTask): void {
    task.queued = true;
    this.#queue.push(task);
  }

  /** Takes out a task that was aborted. */
  remove(task: TargetTask): void {
    if (task.readAhead !== undefined) {
      this.#readAhead -= task.readAhead.length;
      task.readAhead = undefined;
      this.#host.wake();
    }
    if (!task.queued) return;
    task.queued = false;
    this.#queue = this.#queue.slice(this.#head).filter((each) => each !== task);
    this.#head = 0;
    this.#ready = this.#ready.filter((each) => each !== task);
    this.#waiting = this.#waiting.filter((each) => each !== task);
  }

  /** Lays out what there is room for, leaving `reserve` octets free for answers. */
  produce(reserve: number): void {
    this.#layOut(reserve);
    while (this.#waiting.length > 0 && this.#mayReadAhead(this.#waiting[0]!)) {
      const task = this.#waiting.shift()!;
      task.queued = false;
      this.#readAheadOf(task);
    }
  }

  #layOut(reserve: number): void {
    for (let task = this.#first; task !== undefined; task = this.#first) {
      const room = this.#writer.dataRoom(this.#writer.room - reserve);
      const left = task.transferLength - task.moved;
      if (room < Math.min(left, LEAST_ROOM)) return;
      if (task.transferLength < SHORT && this.#writer.length >= BATCH_LENGTH) return;
      if (left === 0) {
        this.#advance(task);
        this.#host.sent(task, false);
      } else if (task.readAhead === undefined && task.step === Step.READ) {
        this.#fromMedium(task, Math.min(room, left));
      } else {
        this.#fromMemory(task, Math.min(room, left));
      }
    }
    this.#queue.length = this.#head = 0;
  }

  /** One PDU, read from the device straight into the outbox. */
  #fromMedium(task: TargetTask, most: number): void {
    const unit = task.unit!;
    const length = Math.min(most, this.#longest(task));
    if (!unit.locks.idle) return this.#readLater(task);
    const base = this.#writer.reserve(length);
    try {
      const at = this.#writer.dataAt(base);
      if (!unit.device.readNow(task.offset + task.moved, this.#writer.octets, at, length)) {
        this.#writer.rewind(base);
        return this.#readLater(task);
      }
    } catch (error) {
      this.#writer.rewind(base);
      this.#advance(task);
      this.#host.failed(task, error);
      return;
    }
    this.#finishPdu(task, base, length);
  }

  /** One PDU from `readAhead`, or from the parameter data that the command made. */
  #fromMemory(task: TargetTask, most: number): void {
    const ahead = task.readAhead;
    const left = task.transferLength - task.moved;
    const available = ahead === undefined ? left : ahead.length - task.readAheadAt;
    const length = Math.min(most, available, this.#longest(task));
    const from = ahead === undefined ? task.moved : task.readAheadAt;
    const base = this.#writer.reserve(length);
    const source = ahead ?? task.data;
    this.#writer.octets.set(source.subarray(from, from + length), this.#writer.dataAt(base));
    if (ahead !== undefined) {
      task.readAheadAt += length;
      if (task.readAheadAt === ahead.length) {
        task.readAhead = undefined;
        this.#readAhead -= ahead.length;
      }
    }
    this.#finishPdu(task, base, length);
  }

  /** The longest data segment that may come next: the peer's limit and the end of the burst. */
  #longest(task: TargetTask): number {
    return Math.min(
      this.#parameters.peerMaxRecvDataSegmentLength,
      this.#maxBurstLength - task.moved % this.#maxBurstLength,
    );
  }

  /** Fills in the header and closes the PDU; the last one carries the status if it is GOOD. */
  #finishPdu(task: TargetTask, base: number, length: number): void {
    pdu.view = this.#writer.view;
    pdu.base = base;
    pdu.opcode = Opcode.DATA_IN;
    pdu.initiatorTaskTag = task.initiatorTaskTag;
    pdu.targetTransferTag = RESERVED_TAG;
    pdu.expCmdSN = this.#answers.expCmdSN;
    pdu.dataSN = task.nextSN++;
    pdu.bufferOffset = task.moved;
    task.moved += length;
    const last = task.moved === task.transferLength;
    // 11.7.1: F closes each sequence, which MaxBurstLength bounds.
    pdu.final = last || task.moved % this.#maxBurstLength === 0;
    // Where data of the initiator is still on its way, the status comes after it.
    const withStatus = last && task.finish === undefined && task.status === Status.GOOD &&
      task.burstCount === 0;
    if (withStatus) {
      this.#host.answering(task);
      pdu.status = task.status;
      pdu.hasStatus = true;
      pdu.statSN = this.#answers.takeStatSN();
      const excess = residual(task);
      if (excess > 0) {
        pdu.underflow = true;
        pdu.residualCount = excess;
      } else if (excess < 0) {
        pdu.overflow = true;
        pdu.residualCount = -excess;
      }
    }
    pdu.maxCmdSN = this.#answers.maxCmdSN;
    this.#writer.seal(base);
    if (last) {
      this.#advance(task);
      this.#host.sent(task, withStatus);
    }
  }

  get #first(): TargetTask | undefined {
    return this.#ready[0] ?? this.#queue[this.#head];
  }

  /** The first task leaves the queue. */
  #advance(task: TargetTask): void {
    task.queued = false;
    if (this.#ready.length > 0) this.#ready.shift();
    else this.#head++;
  }

  /** The device cannot be read at once: begins a slow read, now or when less is read ahead. */
  #readLater(task: TargetTask): void {
    this.#advance(task);
    if (this.#waiting.length === 0 && this.#mayReadAhead(task)) return this.#readAheadOf(task);
    task.queued = true;
    this.#waiting.push(task);
  }

  #mayReadAhead(task: TargetTask): boolean {
    return this.#readAhead === 0 || this.#readAhead + lengthAhead(task) <= READ_AHEAD_LIMIT;
  }

  #readAheadOf(task: TargetTask): void {
    const length = lengthAhead(task);
    this.#readAhead += length;
    task.pending++;
    this.#read(task, length);
  }

  async #read(task: TargetTask, length: number): Promise<void> {
    const unit = task.unit!;
    const offset = task.offset + task.moved;
    let error: unknown;
    const buffer = new Uint8Array(length);
    try {
      const release = await unit.locks.shared(offset, length);
      try {
        if (!task.aborted) await unit.device.read(offset, buffer, 0, length);
      } finally {
        release();
      }
    } catch (reason) {
      error = reason;
    }
    try {
      this.#hasRead(task, buffer, error);
    } catch (bug) {
      this.#host.crashed(bug);
    }
    this.#host.wake();
  }

  #hasRead(task: TargetTask, buffer: Uint8Array, error: unknown): void {
    const isWanted = this.#host.resumed(task);
    if (isWanted && error === undefined) {
      task.readAhead = buffer;
      task.readAheadAt = 0;
      task.queued = true;
      this.#ready.push(task);
      return;
    }
    this.#readAhead -= buffer.length;
    if (isWanted) this.#host.failed(task, error);
  }
}

/** How much is read in one go of what the task sends next. */
function lengthAhead(task: TargetTask): number {
  return Math.min(task.transferLength - task.moved, READ_AHEAD_LENGTH);
}
