/**
 * The life of SCSI commands on one connection: from the PDU through the device server, with the
 * data that goes in or out, to the response. RFC 7143 4.2.3 and 11.3.
 */
import { RESERVED_TAG } from "../iscsi/bhs.ts";
import type { Frame } from "../iscsi/frame.ts";
import { RejectReason } from "../iscsi/pdu/reject.ts";
import { ScsiCommand } from "../iscsi/pdu/scsi_command.ts";
import { begin, fail, finish } from "../scsi/device_server.ts";
import { parseLun } from "../scsi/lun.ts";
import type { Sense } from "../scsi/sense.ts";
import { Status } from "../scsi/status.ts";
import { Step, type Task } from "../scsi/task.ts";
import type { Answers } from "./answers.ts";
import { DataIn, type DataInHost } from "./data_in.ts";
import { DataOut, type DataOutHost } from "./data_out.ts";
import type { OctetCount } from "./octet_count.ts";
import type { ConnectionParameters } from "../iscsi/parameters.ts";
import { ANSWER_ROOM, FUNCTION_ROOM, RESPONSE_ROOM } from "./outbox_room.ts";
import type { PduWriter } from "../iscsi/pdu_writer.ts";
import { RecentTags } from "./recent_tags.ts";
import type { Session } from "./session.ts";
import type { TargetTask } from "./target_task.ts";

const NO_DATA = new Uint8Array(0);

export interface ScsiCommandsOptions {
  readonly session: Session;
  readonly writer: PduWriter;
  readonly answers: Answers;
  readonly parameters: ConnectionParameters;
  readonly pendingWrites: OctetCount;
  /** Something can be sent that no received PDU asked for just now. */
  readonly wake: () => void;
  /** Something went wrong that no peer and no device did: the connection ends. */
  readonly crashed: (error: unknown) => void;
}

/** Of all connections: one of its own would keep the large buffer that it was last laid upon. */
const pdu = new ScsiCommand();

export class ScsiCommands implements DataInHost, DataOutHost {
  readonly #session: Session;
  readonly #writer: PduWriter;
  readonly #answers: Answers;
  readonly #dataIn: DataIn;
  readonly #dataOut: DataOut;
  readonly #aborted = new RecentTags();
  readonly wake: () => void;
  readonly crashed: (error: unknown) => void;
  readonly #resume = (task: Task): void => this.#resumeDormant(task as TargetTask);

  constructor(options: ScsiCommandsOptions) {
    const { session, writer, answers, parameters } = options;
    this.#session = session;
    this.#writer = writer;
    this.#answers = answers;
    this.wake = options.wake;
    this.crashed = options.crashed;
    const { maxBurstLength } = session.parameters;
    this.#dataIn = new DataIn(writer, answers, { parameters, maxBurstLength }, this);
    this.#dataOut = new DataOut({
      answers,
      parameters: session.parameters,
      takeTargetTransferTag: () => session.takeTargetTransferTag(),
      pendingWrites: options.pendingWrites,
      host: this,
    });
  }

  /** Octets of asynchronous writes under way: past a limit the connection is read no further. */
  get pendingOctets(): number {
    return this.#dataOut.pendingOctets;
  }

  /** A SCSI Command whose turn it is. Answers why it is rejected, if it is. */
  receive(frame: Frame): RejectReason | undefined {
    pdu.view = frame.view;
    pdu.base = frame.base;
    const tag = pdu.initiatorTaskTag;
    if (tag === RESERVED_TAG) return RejectReason.INVALID_PDU_FIELD;
    const session = this.#session;
    if (session.tasks.has(tag)) return RejectReason.TASK_IN_PROGRESS;
    // 11.2.2: no additional header segment is agreed on here: neither long CDBs nor bidirectional
    // reads.
    if (frame.ahsLength > 0) return RejectReason.INVALID_PDU_FIELD;
    const task = session.takeTask();
    this.#fill(task, frame);
    const { final } = pdu;
    session.enter(task);
    const fault = this.#dataOut.announce(task, frame.dataLength, final);
    const mayBegin = task.unit === undefined || this.#mayBegin(task);
    if (fault !== undefined) {
      this.failed(task, fault);
    } else if (mayBegin) {
      this.#begin(task, frame.octets, frame.dataAt, frame.dataLength);
    } else if (frame.dataLength > 0) {
      task.immediateData = frame.octets.slice(frame.dataAt, frame.dataAt + frame.dataLength);
    }
    return undefined;
  }

  /** Copies what the command says into the task. */
  #fill(task: TargetTask, frame: Frame): void {
    const { view, base } = frame;
    task.commands = this;
    task.initiatorTaskTag = pdu.initiatorTaskTag;
    task.cmdSN = pdu.cmdSN;
    task.immediate = pdu.immediate;
    task.attribute = pdu.attribute;
    task.reads = pdu.read;
    task.writes = pdu.write;
    task.expectedDataTransferLength = pdu.expectedDataTransferLength;
    task.dataOutBufferSize = pdu.write ? pdu.expectedDataTransferLength : 0;
    task.lunHigh = view.getUint32(base + 8);
    task.lunLow = view.getUint32(base + 12);
    for (let at = 0; at < 16; at += 4) task.view.setUint32(at, view.getUint32(base + 32 + at));
    task.lun = parseLun(view, base + 8);
    const mapping = this.#session.luns.get(task.lun);
    task.unit = mapping?.unit;
    task.writeProtected = mapping?.readOnly ?? false;
  }

  #mayBegin(task: TargetTask): boolean {
    task.inTaskSet = true;
    task.dormant = true; // so that an abort in between finds it in its place
    if (!task.unit!.tasks.enter(task, this.#resume)) return false;
    task.dormant = false;
    return true;
  }

  /**
   * The turn of a dormant command has come, because one before it has ended, on this connection or
   * another: what goes wrong here must not fall on that one.
   */
  #resumeDormant(task: TargetTask): void {
    task.dormant = false;
    // It has failed already, and only its data is awaited.
    if (task.draining) return;
    try {
      const octets = task.immediateData ?? NO_DATA;
      this.#begin(task, octets, 0, octets.length);
    } catch (error) {
      this.crashed(error);
    }
    this.wake();
  }

  /** Lets the command begin, with the unsolicited data that has come. */
  #begin(task: TargetTask, octets: Uint8Array, at: number, length: number): void {
    const step = begin(task, this.#session.luns);
    task.impliedLength = task.length;
    this.#run(task, step, octets, at, length);
    task.immediateData = undefined;
  }

  /** Does what the command wants next. */
  #run(task: TargetTask, step: Step, octets: Uint8Array, at: number, length: number): void {
    task.step = step;
    switch (step) {
      case Step.DONE:
        return this.#end(task);
      case Step.SEND:
      case Step.READ:
        return this.#send(task);
      case Step.WRITE:
      case Step.COLLECT:
        return this.#take(task, octets, at, length);
      case Step.WAIT:
        task.pending++;
        this.#await(task);
    }
  }

  /** Goes on after a step whose unsolicited data has been dealt with. */
  #goOn(task: TargetTask, step: Step): void {
    // What SEND adds after a COLLECT is what the CDB implies to move now.
    if (step === Step.SEND || step === Step.READ) {
      task.impliedLength = task.length;
      task.moved = 0;
    }
    this.#run(task, step, NO_DATA, 0, 0);
  }

  #send(task: TargetTask): void {
    task.transferLength = task.reads ? Math.min(task.length, task.expectedDataTransferLength) : 0;
    if (task.transferLength > 0) this.#dataIn.add(task);
    else this.sent(task, false);
  }

  #take(task: TargetTask, octets: Uint8Array, at: number, length: number): void {
    task.transferLength = task.writes ? Math.min(task.length, task.expectedDataTransferLength) : 0;
    if (task.step === Step.COLLECT && !this.#makeRoom(task)) return;
    this.#dataOut.begin(task, octets, at, length);
  }

  /**
   * A buffer for a COLLECT step, if the limits allow it; else TASK SET FULL. SAM-5 5.3.1.
   */
  #makeRoom(task: TargetTask): boolean {
    if (this.#session.collect(task, task.transferLength)) return true;
    task.endWith(Status.TASK_SET_FULL);
    this.#end(task);
    return false;
  }

  async #await(task: TargetTask): Promise<void> {
    let step: Step | undefined;
    let error: unknown;
    try {
      step = await task.promise!;
    } catch (reason) {
      error = reason;
    }
    try {
      if (this.resumed(task)) this.#goOn(task, step ?? fail(task, error));
    } catch (bug) {
      this.crashed(bug);
    }
    this.wake();
  }

  /** The command has ended; it is answered when no data of it is on its way any more. */
  #end(task: TargetTask): void {
    task.step = Step.DONE;
    this.#dataOut.askNoMore(task);
    if (task.burstCount > 0 || task.pending > 0) task.draining = true;
    else this.#respond(task);
  }

  #respond(task: TargetTask): void {
    if (this.#writer.room < RESPONSE_ROOM + FUNCTION_ROOM) {
      task.transferLength = task.moved;
      this.#dataIn.add(task);
      return;
    }
    this.answering(task);
    this.#answers.scsiResponse(task);
    this.#session.release(task);
  }

  // What DataIn and DataOut tell of.

  answering(task: TargetTask): void {
    this.#session.answering(task);
  }

  sent(task: TargetTask, withStatus: boolean): void {
    if (task.step === Step.DONE) return this.#respond(task);
    this.#session.counters.octetsRead += task.transferLength;
    if (withStatus) this.#session.release(task);
    else this.#goOn(task, finish(task));
  }

  received(task: TargetTask): void {
    this.#session.counters.octetsWritten += task.transferLength;
    if (task.step === Step.COLLECT) task.length = task.transferLength;
    this.#goOn(task, finish(task));
  }

  failed(task: TargetTask, reason: unknown): void {
    if (isSense(reason)) task.fail(reason);
    else fail(task, reason);
    this.#end(task);
  }

  drained(task: TargetTask): void {
    if (task.pending === 0) this.#respond(task);
  }

  resumed(task: TargetTask): boolean {
    task.pending--;
    if (!task.aborted) return true;
    if (task.pending === 0) this.#session.release(task);
    return false;
  }

  // What the connection asks.

  /** A Data-Out PDU. Answers why it is rejected, if it is. */
  receiveData(frame: Frame): RejectReason | undefined {
    const tag = frame.view.getUint32(frame.base + 16);
    const task = this.#session.tasks.get(tag);
    if (task === undefined || task.commands !== this) {
      // Data that was on its way when its task was aborted is dropped without a word.
      return this.#aborted.has(tag) ? undefined : RejectReason.PROTOCOL_ERROR;
    }
    if (task.aborted || this.#dataOut.receive(task, frame)) return undefined;
    return RejectReason.PROTOCOL_ERROR;
  }

  /** A command was dropped before its turn: data of it may be on its way. */
  expectDataOfDropped(command: Frame): void {
    this.#aborted.note(command.view.getUint32(command.base + 16));
  }

  get hasRoomToAsk(): boolean {
    return this.#writer.room >= RESPONSE_ROOM + FUNCTION_ROOM;
  }

  /** Lays out R2Ts and data for which there is room. */
  produce(): void {
    this.#dataOut.produce();
    this.#dataIn.produce(ANSWER_ROOM);
  }

  /** Lets go of an aborted task: at once, or when what it asked of the device has come back. */
  abandon(task: TargetTask): void {
    this.#aborted.note(task.initiatorTaskTag);
    this.#dataIn.remove(task);
    this.#dataOut.forget(task);
    if (task.pending === 0) this.#session.release(task);
  }
}

function isSense(reason: unknown): reason is Sense {
  return typeof reason === "object" && reason !== null && "key" in reason && "code" in reason;
}
