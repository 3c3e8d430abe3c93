/**
 * The SCSI commands of one connection: laid out when their turn comes, their data moved, their
 * status taken. RFC 7143 11.3, 11.4, 11.7, 11.8. Whatever a target says is checked against what it
 * was asked before a buffer is touched; what does not fit ends the session.
 */
import { RESERVED_TAG } from "../iscsi/bhs.ts";
import type { Frame } from "../iscsi/frame.ts";
import type { ConnectionParameters, SessionParameters } from "../iscsi/parameters.ts";
import { DataIn } from "../iscsi/pdu/data_in.ts";
import { ReadyToTransfer } from "../iscsi/pdu/ready_to_transfer.ts";
import { Response, ScsiResponse } from "../iscsi/pdu/scsi_response.ts";
import type { PduWriter } from "../iscsi/pdu_writer.ts";
import { ProtocolError } from "../iscsi/protocol_error.ts";
import type { ReceivedSense } from "../scsi/sense_data.ts";
import { Status } from "../scsi/status.ts";
import type { View } from "../wire/layout.ts";
import { CommandFailure, type CommandResult } from "./command.ts";
import type { Connection } from "./connection.ts";
import type { Burst, Requests } from "./requests.ts";
import { parseSenseSegment } from "./sense_segment.ts";
import type { Task } from "./task.ts";

/** Where tasks come from and go to. */
export interface TaskKeeper {
  readonly tasks: ReadonlyMap<number, Task>;
  /** The task has ended as its `result` says. */
  settle(task: Task): void;
}

export interface ScsiCommandsOptions {
  readonly connection: Connection;
  readonly keeper: TaskKeeper;
  readonly requests: Requests;
  readonly writer: PduWriter;
  readonly session: SessionParameters;
  readonly parameters: ConnectionParameters;
}

type DataInView = View<typeof DataIn.fields>;

/** What the PDUs with a status say of it alike. */
interface Ending {
  readonly status: number;
  readonly overflow: boolean;
  readonly underflow: boolean;
  readonly residualCount: number;
}

/** Octets of data that one PDU carries at most, so that it fits the smallest buffer for sending. */
const MOST_SENT = 56 << 10;

/** Of all connections: views of their own would keep the large buffers they were last laid upon. */
const dataIn = new DataIn();
const scsiResponse = new ScsiResponse();
const r2t = new ReadyToTransfer();

export class ScsiCommands {
  readonly #options: ScsiCommandsOptions;
  /** The longest data segment that we send. */
  readonly #segment: number;
  /** What was promised and has not left, in its order. */
  readonly #bursts: Burst[] = [];

  constructor(options: ScsiCommandsOptions) {
    this.#options = options;
    this.#segment = Math.min(options.parameters.peerMaxRecvDataSegmentLength, MOST_SENT);
  }

  /** Lays a command out, if there is room for it and the data that goes along. */
  send(task: Task): boolean {
    const { requests, writer, session, connection } = this.#options;
    const length = task.dataOut?.length ?? 0;
    const firstBurst = Math.min(length, session.firstBurstLength);
    const immediate = session.immediateData ? Math.min(firstBurst, this.#segment) : 0;
    if (writer.room < writer.lengthOf(immediate)) return false;
    // RFC 7143 13.10: without InitialR2T the rest of the first burst follows unasked.
    const unsolicited = session.initialR2T ? immediate : firstBurst;
    requests.scsiCommand(task, immediate, unsolicited === immediate);
    task.state = "sent";
    task.connection = connection;
    if (task.dataOut !== undefined) task.moved = unsolicited;
    if (unsolicited > immediate) this.#promise(task, RESERVED_TAG, immediate, unsolicited);
    return true;
  }

  #promise(task: Task, targetTransferTag: number, next: number, end: number): void {
    task.burstCount++;
    this.#bursts.push({ task, targetTransferTag, next, end, dataSN: 0 });
  }

  /** Lays out what was promised, as there is room; true when nothing of it is left. */
  produce(): boolean {
    const { requests, writer } = this.#options;
    for (let burst = this.#bursts[0]; burst !== undefined; burst = this.#bursts[0]) {
      const length = Math.min(burst.end - burst.next, this.#segment);
      if (writer.room < writer.lengthOf(length)) return false;
      requests.dataOut(burst, length);
      if (burst.next < burst.end) continue;
      this.#bursts.shift();
      burst.task.burstCount--;
      if (burst.task.state === "ended" && burst.task.burstCount === 0) this.#settle(burst.task);
    }
    return true;
  }

  /** Nothing more of its data is wanted. */
  forget(task: Task): void {
    for (let i = this.#bursts.length - 1; i >= 0; i--) {
      if (this.#bursts[i]!.task === task) this.#bursts.splice(i, 1);
    }
    task.burstCount = 0;
  }

  /** Where the data of a Data-In goes, once all that it claims has been checked. */
  placeOf(frame: Frame): Uint8Array {
    const pdu = viewOf(dataIn, frame);
    const task = this.#taskOf(pdu.initiatorTaskTag, "Data-In");
    const { dataLength } = frame;
    const end = pdu.bufferOffset + dataLength;
    if (task.dataIn === undefined) {
      throw new ProtocolError("Data-In for a command that reads nothing");
    }
    if (pdu.dataSN !== task.nextSN) {
      throw new ProtocolError(`Data-In with DataSN ${pdu.dataSN} instead of ${task.nextSN}`);
    }
    if (pdu.bufferOffset !== task.moved) {
      throw new ProtocolError(`Data-In for octet ${pdu.bufferOffset} instead of ${task.moved}`);
    }
    if (end > task.dataIn.length) {
      throw new ProtocolError(`Data-In up to octet ${end} for a command of ${task.dataIn.length}`);
    }
    if (dataLength === task.dataIn.length) return task.dataIn;
    return task.dataIn.subarray(pdu.bufferOffset, end);
  }

  /** A Data-In that came whole. */
  receiveDataIn(frame: Frame): void {
    const place = this.placeOf(frame);
    const { octets, dataAt, dataLength } = frame;
    place.set(octets.subarray(dataAt, dataAt + dataLength));
    this.endDataIn(viewOf(dataIn, frame), dataLength);
  }

  /** The data of a Data-In is in its place; its status may have come along. */
  endDataIn(pdu: DataInView, dataLength: number): void {
    const task = this.#taskOf(pdu.initiatorTaskTag, "Data-In");
    task.moved += dataLength;
    task.nextSN++;
    if (!pdu.hasStatus) return;
    if (!pdu.final) throw new ProtocolError("Data-In with a status that is not the last");
    this.#acknowledge(pdu.statSN);
    this.#end(task, pdu, undefined);
  }

  receiveResponse(frame: Frame): void {
    const pdu = viewOf(scsiResponse, frame);
    const task = this.#taskOf(pdu.initiatorTaskTag, "SCSI Response");
    const sense = frame.dataLength === 0 ? undefined : parseSenseSegment(frame, "a response");
    this.#acknowledge(pdu.statSN);
    if (pdu.response === Response.COMMAND_COMPLETED_AT_TARGET) return this.#end(task, pdu, sense);
    const code = `0x${pdu.response.toString(16).padStart(2, "0")}`;
    this.#finish(
      task,
      new CommandFailure("refused", `the target failed over it (response ${code})`),
    );
  }

  /** The target asks for a burst of a command's data. */
  receiveR2T(frame: Frame): void {
    const pdu = viewOf(r2t, frame);
    const task = this.#taskOf(pdu.initiatorTaskTag, "R2T");
    const { session } = this.#options;
    const { bufferOffset, desiredDataTransferLength: length, targetTransferTag } = pdu;
    const end = bufferOffset + length;
    if (task.dataOut === undefined) {
      throw new ProtocolError("R2T for a command that writes nothing");
    }
    if (pdu.r2tSN !== task.nextSN) {
      throw new ProtocolError(`R2T with R2TSN ${pdu.r2tSN} instead of ${task.nextSN}`);
    }
    if (targetTransferTag === RESERVED_TAG) throw new ProtocolError("R2T without a tag");
    if (length === 0 || length > session.maxBurstLength) {
      throw new ProtocolError(`R2T for ${length} octets, where ${session.maxBurstLength} are most`);
    }
    if (bufferOffset !== task.moved || end > task.dataOut.length) {
      throw new ProtocolError(
        `R2T for octets ${bufferOffset} to ${end} instead of from ${task.moved} on, ` +
          `of ${task.dataOut.length}`,
      );
    }
    if (task.burstCount > session.maxOutstandingR2T) {
      throw new ProtocolError(`more R2Ts at once than the ${session.maxOutstandingR2T} agreed on`);
    }
    task.nextSN++;
    task.moved = end;
    this.#promise(task, targetTransferTag, bufferOffset, end);
  }

  /** A tag from the wire is looked up, and must be of a command that this connection carries. */
  #taskOf(initiatorTaskTag: number, what: string): Task {
    const task = this.#options.keeper.tasks.get(initiatorTaskTag);
    if (task?.state === "sent" && task.connection === this.#options.connection) return task;
    const tag = `0x${initiatorTaskTag.toString(16).padStart(8, "0")}`;
    throw new ProtocolError(`${what} for task ${tag}, which is not under way`);
  }

  #acknowledge(statSN: number): void {
    const { requests } = this.#options;
    if (requests.acknowledge(statSN)) return;
    throw new ProtocolError(
      `StatSN ${statSN} instead of ${requests.expStatSN}: a response is lost`,
    );
  }

  #end(task: Task, ending: Ending, sense: ReceivedSense | undefined): void {
    this.#finish(task, resultOf(task, ending, sense));
  }

  /** What was promised to the target still leaves: it waits for it. */
  #finish(task: Task, result: CommandResult | CommandFailure): void {
    task.result = result;
    task.state = "ended";
    if (task.burstCount === 0) this.#settle(task);
  }

  #settle(task: Task): void {
    this.#options.keeper.settle(task);
  }
}

function viewOf<V extends { view: DataView; base: number }>(pdu: V, frame: Frame): V {
  pdu.view = frame.view;
  pdu.base = frame.base;
  return pdu;
}

/**
 * RFC 7143 11.4.5: what was moved and what the target says was not make up what was expected.
 * Where they do not, the command has not succeeded, whatever its status.
 */
function resultOf(
  task: Task,
  { status, overflow, underflow, residualCount }: Ending,
  sense: ReceivedSense | undefined,
): CommandResult | CommandFailure {
  const expected = task.expectedDataTransferLength;
  const residual = underflow ? residualCount : 0;
  const hasSucceeded = status === Status.GOOD || status === Status.CONDITION_MET;
  if (hasSucceeded) {
    const stated = expected - residual;
    const isMoved = task.dataIn === undefined ? task.moved >= stated : task.moved === stated;
    if (!isMoved || stated < 0 || (overflow && underflow)) {
      return new CommandFailure(
        "incomplete",
        `the target says that ${stated} of ${expected} octets were moved, and it was ${task.moved}`,
      );
    }
    return { status, sense, transferred: stated, overflow: overflow ? residualCount : 0 };
  }
  const transferred = Math.min(task.moved, Math.max(0, expected - residual));
  return { status, sense, transferred, overflow: overflow ? residualCount : 0 };
}
