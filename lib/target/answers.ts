/**
 * The PDUs by which a target answers in full feature phase, each with its status and command
 * numbers. StatSN counts on with every PDU that carries status or is a response (RFC 7143 4.2.2.2);
 * what the target starts by itself carries the next StatSN without using it up.
 */
import { BHS_LENGTH, RESERVED_TAG } from "../iscsi/bhs.ts";
import type { Frame } from "../iscsi/frame.ts";
import { Opcode } from "../iscsi/opcode.ts";
import { AsyncMessage } from "../iscsi/pdu/async_message.ts";
import { LogoutResponse } from "../iscsi/pdu/logout_response.ts";
import { NopIn } from "../iscsi/pdu/nop_in.ts";
import { ReadyToTransfer } from "../iscsi/pdu/ready_to_transfer.ts";
import { Reject } from "../iscsi/pdu/reject.ts";
import { ScsiResponse } from "../iscsi/pdu/scsi_response.ts";
import { TaskManagementResponse } from "../iscsi/pdu/task_management_response.ts";
import { emitLun } from "../scsi/lun.ts";
import { emitSense } from "../scsi/sense_data.ts";
import { serialAdd } from "../wire/serial.ts";
import type { Announcement } from "./announcement.ts";
import type { CommandWindow } from "./command_window.ts";
import type { PduWriter } from "../iscsi/pdu_writer.ts";
import { residual } from "./residual.ts";
import type { Burst, TargetTask } from "./target_task.ts";

/** Octets before the sense data of a SCSI Response: the SenseLength. RFC 7143 11.4.7. */
const SENSE_LENGTH_FIELD = 2;

/** Of all connections: views of its own would keep the large buffer they were last laid upon. */
const scsiResponse = new ScsiResponse();
const r2t = new ReadyToTransfer();

export class Answers {
  readonly #writer: PduWriter;
  readonly #window: CommandWindow;
  #statSN: number;

  constructor(writer: PduWriter, window: CommandWindow, statSN: number) {
    this.#writer = writer;
    this.#window = window;
    this.#statSN = statSN;
  }

  /** The StatSN of a PDU that uses it up. */
  takeStatSN(): number {
    const statSN = this.#statSN;
    this.#statSN = serialAdd(statSN, 1);
    return statSN;
  }

  /** The StatSN that comes next. */
  get statSN(): number {
    return this.#statSN;
  }

  get expCmdSN(): number {
    return this.#window.expCmdSN;
  }

  get maxCmdSN(): number {
    return this.#window.maxCmdSN;
  }

  /** RFC 7143 11.4. */
  scsiResponse(task: TargetTask): void {
    const sense = task.sense === undefined ? undefined : emitSense(task.sense, {
      descriptor: task.unit?.mode.descriptorSense ?? false,
    });
    const base = this.#writer.reserve(sense === undefined ? 0 : SENSE_LENGTH_FIELD + sense.length);
    scsiResponse.view = this.#writer.view;
    scsiResponse.base = base;
    scsiResponse.opcode = Opcode.SCSI_RESPONSE;
    scsiResponse.final = true;
    scsiResponse.status = task.status;
    scsiResponse.initiatorTaskTag = task.initiatorTaskTag;
    const excess = residual(task);
    if (excess > 0) {
      scsiResponse.underflow = true;
      scsiResponse.residualCount = excess;
    } else if (excess < 0) {
      scsiResponse.overflow = true;
      scsiResponse.residualCount = -excess;
    }
    scsiResponse.statSN = this.takeStatSN();
    scsiResponse.expCmdSN = this.expCmdSN;
    scsiResponse.maxCmdSN = this.maxCmdSN;
    // 11.4.8: the number of Data-In PDUs (or R2Ts) sent for the command.
    scsiResponse.expDataSN = task.nextSN;
    if (sense !== undefined) {
      const at = this.#writer.dataAt(base);
      this.#writer.view.setUint16(at, sense.length);
      this.#writer.octets.set(sense, at + SENSE_LENGTH_FIELD);
    }
    this.#writer.seal(base);
  }

  /** Asks for one burst of Data-Out. RFC 7143 11.8. */
  readyToTransfer(task: TargetTask, burst: Burst): void {
    const base = this.#writer.reserve(0);
    r2t.view = this.#writer.view;
    r2t.base = base;
    r2t.opcode = Opcode.READY_TO_TRANSFER;
    r2t.final = true;
    r2t.view.setUint32(base + 8, task.lunHigh);
    r2t.view.setUint32(base + 12, task.lunLow);
    r2t.initiatorTaskTag = task.initiatorTaskTag;
    r2t.targetTransferTag = burst.targetTransferTag;
    r2t.statSN = this.#statSN;
    r2t.expCmdSN = this.expCmdSN;
    r2t.maxCmdSN = this.maxCmdSN;
    r2t.r2tSN = task.nextSN++;
    r2t.bufferOffset = burst.next;
    r2t.desiredDataTransferLength = burst.end - burst.next;
    this.#writer.seal(base);
  }

  /** Answers a NOP-Out, with as much of its data as `length` says. RFC 7143 11.19. */
  nopIn(request: Frame, initiatorTaskTag: number, length: number): void {
    const answer = this.#begin(new NopIn(), Opcode.NOP_IN, length);
    answer.initiatorTaskTag = initiatorTaskTag;
    answer.targetTransferTag = RESERVED_TAG;
    answer.statSN = this.takeStatSN();
    this.#end(answer, request.octets.subarray(request.dataAt, request.dataAt + length));
  }

  /** Asks for a NOP-Out. RFC 7143 11.19: it takes no StatSN. */
  ping(targetTransferTag: number): void {
    const ping = this.#begin(new NopIn(), Opcode.NOP_IN);
    ping.initiatorTaskTag = RESERVED_TAG;
    ping.targetTransferTag = targetTransferTag;
    ping.statSN = this.#statSN;
    this.#end(ping);
  }

  /** Says what was wrong with a PDU, and repeats its header. RFC 7143 11.17. */
  reject(reason: number, frame: Frame): void {
    const reject = this.#begin(new Reject(), Opcode.REJECT, BHS_LENGTH);
    reject.reason = reason;
    reject.initiatorTaskTag = RESERVED_TAG;
    reject.statSN = this.takeStatSN();
    this.#end(reject, frame.octets.subarray(frame.base, frame.base + BHS_LENGTH));
  }

  /** RFC 7143 11.6. */
  taskManagementResponse(initiatorTaskTag: number, response: number): void {
    const opcode = Opcode.TASK_MANAGEMENT_RESPONSE;
    this.#respond(this.#begin(new TaskManagementResponse(), opcode), initiatorTaskTag, response);
  }

  /** RFC 7143 11.15. Nothing is kept for recovery, so both times are zero. */
  logoutResponse(initiatorTaskTag: number, response: number): void {
    const opcode = Opcode.LOGOUT_RESPONSE;
    this.#respond(this.#begin(new LogoutResponse(), opcode), initiatorTaskTag, response);
  }

  #respond(
    answer: AnswerView & { response: number; initiatorTaskTag: number; statSN: number },
    initiatorTaskTag: number,
    response: number,
  ): void {
    answer.response = response;
    answer.initiatorTaskTag = initiatorTaskTag;
    answer.statSN = this.takeStatSN();
    this.#end(answer);
  }

  /** Tells of something that no command asked about. RFC 7143 11.9. */
  announce({ event, lun = 0, parameter3 = 0, data }: Announcement): void {
    const message = this.#begin(new AsyncMessage(), Opcode.ASYNC_MESSAGE, data?.length);
    emitLun(message.view, message.base + 8, lun);
    message.initiatorTaskTag = RESERVED_TAG;
    message.statSN = this.takeStatSN();
    message.asyncEvent = event;
    message.parameter3 = parameter3;
    this.#end(message, data);
  }

  /** Lays out a PDU of the rarer kinds, with what they all have; `#end` completes it. */
  #begin<Pdu extends AnswerView>(pdu: Pdu, opcode: number, dataLength = 0): Pdu {
    pdu.base = this.#writer.reserve(dataLength);
    pdu.view = this.#writer.view;
    pdu.opcode = opcode;
    pdu.final = true;
    pdu.expCmdSN = this.expCmdSN;
    pdu.maxCmdSN = this.maxCmdSN;
    return pdu;
  }

  #end(pdu: AnswerView, data?: Uint8Array): void {
    if (data !== undefined) this.#writer.octets.set(data, this.#writer.dataAt(pdu.base));
    this.#writer.seal(pdu.base);
  }
}

/** What every answer has. */
interface AnswerView {
  view: DataView;
  base: number;
  opcode: number;
  final: boolean;
  expCmdSN: number;
  maxCmdSN: number;
}
