/**
 * The PDUs by which an initiator asks in full feature phase. Commands count CmdSN, immediate ones
 * carry the next without using it up (RFC 7143 4.2.2.1); all acknowledge responses by ExpStatSN.
 */
import { RESERVED_TAG } from "../iscsi/bhs.ts";
import type { Frame } from "../iscsi/frame.ts";
import { Opcode } from "../iscsi/opcode.ts";
import { DataOut } from "../iscsi/pdu/data_out.ts";
import { LogoutRequest } from "../iscsi/pdu/logout_request.ts";
import { NopOut } from "../iscsi/pdu/nop_out.ts";
import { ScsiCommand } from "../iscsi/pdu/scsi_command.ts";
import { TaskManagementRequest } from "../iscsi/pdu/task_management_request.ts";
import { TextRequest } from "../iscsi/pdu/text_request.ts";
import type { PduWriter } from "../iscsi/pdu_writer.ts";
import { serialAdd } from "../wire/serial.ts";
import type { CommandWindow } from "./command_window.ts";
import type { Task } from "./task.ts";

const LUN_AT = 8;
const NO_DATA = new Uint8Array(0);

/** Of all connections: views of its own would keep the large buffer they were last laid upon. */
const scsiCommand = new ScsiCommand();
const dataOut = new DataOut();

/** Part of a task's data that is to be sent: asked for by an R2T, or as it may come unasked. */
export interface Burst {
  readonly task: Task;
  /** RESERVED_TAG: nobody asked. */
  readonly targetTransferTag: number;
  /** Of the task's data: where the next PDU begins, and where the burst ends. */
  next: number;
  readonly end: number;
  dataSN: number;
}

export class Requests {
  /** The StatSN of the next response. */
  expStatSN: number;
  readonly #writer: PduWriter;
  readonly #window: CommandWindow;

  constructor(writer: PduWriter, window: CommandWindow, expStatSN: number) {
    this.#writer = writer;
    this.#window = window;
    this.expStatSN = expStatSN;
  }

  /** A response with this StatSN came; false if one before it is missing, or it came twice. */
  acknowledge(statSN: number): boolean {
    if (statSN !== this.expStatSN) return false;
    this.expStatSN = serialAdd(statSN, 1);
    return true;
  }

  /** A command with the first `immediateLength` octets of its data. RFC 7143 11.3. */
  scsiCommand(task: Task, immediateLength: number, isFinal: boolean): void {
    const writer = this.#writer;
    const base = writer.reserve(immediateLength);
    const pdu = scsiCommand;
    pdu.view = writer.view;
    pdu.base = base;
    pdu.opcode = Opcode.SCSI_COMMAND;
    pdu.final = isFinal;
    pdu.read = task.dataIn !== undefined;
    pdu.write = task.dataOut !== undefined;
    pdu.attribute = task.attribute;
    this.#putLun(base, task);
    pdu.initiatorTaskTag = task.initiatorTaskTag;
    pdu.expectedDataTransferLength = task.expectedDataTransferLength;
    pdu.cmdSN = task.cmdSN = this.#window.take();
    pdu.expStatSN = this.expStatSN;
    writer.octets.set(task.cdb, base + ScsiCommand.fields.cdb.at);
    if (immediateLength > 0) {
      writer.octets.set(task.dataOut!.subarray(0, immediateLength), writer.dataAt(base));
    }
    writer.seal(base);
  }

  /** The next `length` octets of a burst. RFC 7143 11.7. */
  dataOut(burst: Burst, length: number): void {
    const writer = this.#writer;
    const { task, next } = burst;
    const base = writer.reserve(length);
    const pdu = dataOut;
    pdu.view = writer.view;
    pdu.base = base;
    pdu.opcode = Opcode.DATA_OUT;
    pdu.final = next + length === burst.end;
    this.#putLun(base, task);
    pdu.initiatorTaskTag = task.initiatorTaskTag;
    pdu.targetTransferTag = burst.targetTransferTag;
    pdu.expStatSN = this.expStatSN;
    pdu.dataSN = burst.dataSN++;
    pdu.bufferOffset = next;
    writer.octets.set(task.dataOut!.subarray(next, next + length), writer.dataAt(base));
    writer.seal(base);
    burst.next = next + length;
  }

  /** Asks whether the target is there, and for this data back. RFC 7143 11.18. */
  ping(initiatorTaskTag: number, data: Uint8Array = NO_DATA): void {
    const base = this.#writer.reserve(data.length);
    const pdu = new NopOut(this.#writer.octets, base);
    pdu.opcode = Opcode.NOP_OUT;
    pdu.immediate = true;
    pdu.final = true;
    pdu.initiatorTaskTag = initiatorTaskTag;
    pdu.targetTransferTag = RESERVED_TAG;
    pdu.cmdSN = this.#window.cmdSN;
    pdu.expStatSN = this.expStatSN;
    this.#writer.octets.set(data, this.#writer.dataAt(base));
    this.#writer.seal(base);
  }

  /** Answers a NOP-In: the same LUN and target transfer tag. RFC 7143 11.18. */
  pong(lun: Uint8Array, targetTransferTag: number): void {
    const base = this.#writer.reserve(0);
    const pdu = new NopOut(this.#writer.octets, base);
    pdu.opcode = Opcode.NOP_OUT;
    pdu.immediate = true;
    pdu.final = true;
    pdu.lun = lun;
    pdu.initiatorTaskTag = RESERVED_TAG;
    pdu.targetTransferTag = targetTransferTag;
    pdu.cmdSN = this.#window.cmdSN;
    pdu.expStatSN = this.expStatSN;
    this.#writer.seal(base);
  }

  /** RFC 7143 11.5. Always immediate: a full window must not keep a task from being ended. */
  taskManagement(fields: {
    readonly functionCode: number;
    readonly lun: Uint8Array;
    readonly initiatorTaskTag: number;
    readonly referencedTaskTag: number;
    readonly refCmdSN: number;
  }): void {
    const base = this.#writer.reserve(0);
    const pdu = new TaskManagementRequest(this.#writer.octets, base);
    pdu.opcode = Opcode.TASK_MANAGEMENT_REQUEST;
    pdu.immediate = true;
    pdu.final = true;
    pdu.functionCode = fields.functionCode;
    pdu.lun = fields.lun;
    pdu.initiatorTaskTag = fields.initiatorTaskTag;
    pdu.referencedTaskTag = fields.referencedTaskTag;
    pdu.cmdSN = this.#window.cmdSN;
    pdu.expStatSN = this.expStatSN;
    pdu.refCmdSN = fields.refCmdSN;
    this.#writer.seal(base);
  }

  /** RFC 7143 11.10. Immediate too: a session of discovery has nothing to keep in order. */
  text(initiatorTaskTag: number, targetTransferTag: number, text: Uint8Array): void {
    const base = this.#writer.reserve(text.length);
    const pdu = new TextRequest(this.#writer.octets, base);
    pdu.opcode = Opcode.TEXT_REQUEST;
    pdu.immediate = true;
    pdu.final = true;
    pdu.initiatorTaskTag = initiatorTaskTag;
    pdu.targetTransferTag = targetTransferTag;
    pdu.cmdSN = this.#window.cmdSN;
    pdu.expStatSN = this.expStatSN;
    this.#writer.octets.set(text, this.#writer.dataAt(base));
    this.#writer.seal(base);
  }

  /** RFC 7143 11.14. */
  logout(initiatorTaskTag: number, reason: number, cid: number): void {
    const base = this.#writer.reserve(0);
    const pdu = new LogoutRequest(this.#writer.octets, base);
    pdu.opcode = Opcode.LOGOUT_REQUEST;
    pdu.immediate = true;
    pdu.final = true;
    pdu.reason = reason;
    pdu.initiatorTaskTag = initiatorTaskTag;
    pdu.cid = cid;
    pdu.cmdSN = this.#window.cmdSN;
    pdu.expStatSN = this.expStatSN;
    this.#writer.seal(base);
  }

  #putLun(base: number, { lunOctets }: Task): void {
    const { view } = this.#writer;
    view.setUint32(base + LUN_AT, lunOctets.getUint32(0));
    view.setUint32(base + LUN_AT + 4, lunOctets.getUint32(4));
  }
}

/** The target's LUN field of a frame, copied. */
export function lunOf(frame: Frame): Uint8Array {
  return frame.octets.slice(frame.base + LUN_AT, frame.base + LUN_AT + 8);
}
