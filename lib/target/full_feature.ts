/**
 * Full feature phase of one connection: which PDU may come, in which order commands are delivered,
 * and who deals with them. RFC 7143 4.2.2, 6.4.
 */
import { RESERVED_TAG } from "../iscsi/bhs.ts";
import { copyFrame, type Frame } from "../iscsi/frame.ts";
import { Opcode } from "../iscsi/opcode.ts";
import type { ConnectionParameters } from "../iscsi/parameters.ts";
import { LogoutOutcome } from "../iscsi/pdu/logout_response.ts";
import { LogoutReason, LogoutRequest } from "../iscsi/pdu/logout_request.ts";
import { NopOut } from "../iscsi/pdu/nop_out.ts";
import { RejectReason } from "../iscsi/pdu/reject.ts";
import { TaskManagementFunction } from "../iscsi/pdu/task_management_request.ts";
import { TextRequest } from "../iscsi/pdu/text_request.ts";
import { ProtocolError } from "../iscsi/protocol_error.ts";
import { Answers } from "./answers.ts";
import { Admission } from "./command_window.ts";
import type { Connection } from "./connection.ts";
import type { TargetNode } from "./node.ts";
import { findForDiscovery } from "./login_admission.ts";
import { MOST_FUNCTIONS } from "./outbox_room.ts";
import { manageTasks } from "./task_management.ts";
import type { PduWriter } from "../iscsi/pdu_writer.ts";
import { ScsiCommands } from "./scsi_commands.ts";
import type { Session } from "./session.ts";
import { TextExchange } from "./text_exchange.ts";

export interface FullFeatureOptions {
  readonly connection: Connection;
  readonly session: Session;
  readonly node: TargetNode;
  readonly writer: PduWriter;
  /** The initiator may say anew what it takes. RFC 7143 13.12. */
  readonly parameters: ConnectionParameters & { peerMaxRecvDataSegmentLength: number };
  /** The StatSN of the first response. */
  readonly statSN: number;
  readonly wake: () => void;
}

/** Of all connections: one of its own would keep the large buffer that it was last laid upon. */
const nopOut = new NopOut();

export class FullFeature {
  readonly commands: ScsiCommands;
  readonly answers: Answers;
  readonly #node: TargetNode;
  readonly #connection: Connection;
  readonly #session: Session;
  readonly #parameters: ConnectionParameters;
  readonly #text: TextExchange;
  readonly #wake: () => void;
  readonly #textRequest = new TextRequest();
  #functions = 0;
  /** The tag of the NOP-In that has not been answered. */
  #pingTag: number | undefined;

  constructor(options: FullFeatureOptions) {
    const { connection, session, node, writer, parameters, statSN, wake } = options;
    this.#node = node;
    this.#connection = connection;
    this.#session = session;
    this.#parameters = parameters;
    this.#text = new TextExchange({
      ...{ node, session, writer, endpoint: connection.endpoint },
      peerMaxRecvDataSegmentLength: parameters.peerMaxRecvDataSegmentLength,
      onPeerMaxRecvDataSegmentLength: (length) => {
        parameters.peerMaxRecvDataSegmentLength = length;
      },
    });
    this.#wake = wake;
    this.answers = new Answers(writer, session.window, statSN);
    this.commands = new ScsiCommands({
      session,
      writer,
      answers: this.answers,
      parameters,
      pendingWrites: node.pendingWrites,
      wake,
      crashed: (error) => connection.fail(error),
    });
  }

  /** True while a NOP-In waits for its answer. */
  get isPinging(): boolean {
    return this.#pingTag !== undefined;
  }

  /** Asks the initiator whether it is there. RFC 7143 11.19. */
  ping(): void {
    this.#pingTag = this.#session.takeTargetTransferTag();
    this.answers.ping(this.#pingTag);
  }

  /** One PDU, as it came. */
  receive(frame: Frame): void {
    const opcode = frame.view.getUint8(frame.base) & 0x3f;
    switch (opcode) {
      case Opcode.DATA_OUT:
        return this.receiveData(frame);
      case Opcode.NOP_OUT:
        if (frame.view.getUint32(frame.base + 16) === RESERVED_TAG) return this.#pong(frame);
        return this.#inOrder(frame);
      case Opcode.SCSI_COMMAND:
      case Opcode.TASK_MANAGEMENT_REQUEST:
      case Opcode.TEXT_REQUEST:
      case Opcode.LOGOUT_REQUEST:
        return this.#inOrder(frame);
      case Opcode.SNACK_REQUEST:
        // 11.16: SNACK belongs to error recovery levels above 0.
        return this.answers.reject(RejectReason.SNACK_REJECT, frame);
      case Opcode.LOGIN_REQUEST:
        throw new ProtocolError("login request in full feature phase");
      default:
        return this.answers.reject(RejectReason.COMMAND_NOT_SUPPORTED, frame);
    }
  }

  /** A data segment did not match its digest: nothing of it is used. RFC 7143 7.8. */
  rejectDamaged(frame: Frame): void {
    this.answers.reject(RejectReason.DATA_DIGEST_ERROR, frame);
  }

  /** Delivers a command when its turn has come. RFC 7143 4.2.2.1. */
  #inOrder(frame: Frame): void {
    if ((frame.view.getUint8(frame.base) & 0x40) !== 0) return this.deliver(frame);
    const { window } = this.#session;
    const cmdSN = frame.view.getUint32(frame.base + 24);
    const admission = window.admit(cmdSN);
    if (admission === Admission.NOW) {
      this.deliver(frame);
      this.#session.deliverHeld();
    } else if (admission === Admission.LATER) {
      this.#checkHeld(frame);
      window.hold(cmdSN, this.#connection, copyFrame(frame));
    } else {
      this.commands.expectDataOfDropped(frame);
    }
  }

  #checkHeld(frame: Frame): void {
    const { window, limits } = this.#session;
    if (window.heldOctets + frame.dataLength <= limits.collectedOctetsOfSession) return;
    throw new ProtocolError("more is held back behind a CmdSN gap than the session may hold");
  }

  /** Deals with a command whose turn it is. */
  deliver(frame: Frame): void {
    switch (frame.view.getUint8(frame.base) & 0x3f) {
      case Opcode.SCSI_COMMAND:
        return this.#receiveCommand(frame);
      case Opcode.TASK_MANAGEMENT_REQUEST:
        return this.#receiveFunction(frame);
      case Opcode.TEXT_REQUEST:
        return this.#receiveText(frame);
      case Opcode.LOGOUT_REQUEST:
        return this.#receiveLogout(frame);
      case Opcode.NOP_OUT:
        return this.#receivePing(frame);
    }
  }

  #receiveCommand(frame: Frame): void {
    const immediate = (frame.view.getUint8(frame.base) & 0x40) !== 0;
    let reason: number | undefined;
    if (this.#session.isDiscovery) reason = RejectReason.PROTOCOL_ERROR;
    else if (immediate && !this.#session.hasRoomForImmediate) {
      reason = RejectReason.IMMEDIATE_COMMAND_REJECT;
    } else reason = this.commands.receive(frame);
    if (reason !== undefined) this.answers.reject(reason, frame);
  }

  /** A Data-Out PDU, of a command that runs or of one that is held. */
  receiveData(frame: Frame): void {
    const session = this.#session;
    let reason: RejectReason | undefined = RejectReason.PROTOCOL_ERROR;
    if (!session.isDiscovery) {
      this.#checkHeld(frame);
      if (session.window.holdData(this.#connection, frame)) return;
      reason = this.commands.receiveData(frame);
    }
    if (reason !== undefined) this.answers.reject(reason, frame);
  }

  #receiveFunction(frame: Frame): void {
    if (this.#session.isDiscovery) return this.answers.reject(RejectReason.PROTOCOL_ERROR, frame);
    if (this.#functions >= MOST_FUNCTIONS) {
      return this.answers.reject(RejectReason.IMMEDIATE_COMMAND_REJECT, frame);
    }
    this.#functions++;
    this.#conclude(this.#carryOut(frame));
  }

  async #carryOut(frame: Frame): Promise<void> {
    const code = frame.view.getUint8(frame.base + 1) & 0x7f;
    const tag = frame.view.getUint32(frame.base + 16);
    const session = this.#session;
    const response = await manageTasks(session, frame).finally(() => this.#functions--);
    if (this.#connection.state !== "logged-in") return;
    this.answers.taskManagementResponse(tag, response);
    // SAM-5 7.8 and RFC 7143 11.5.1: a cold reset ends every session of the target as well.
    if (code === TaskManagementFunction.TARGET_COLD_RESET) {
      for (const other of [...session.target!.sessions]) {
        if (other !== session) other.drop("the target was reset");
      }
      for (const other of [...session.connections.values()]) {
        if (other !== this.#connection) other.close("the target was reset");
      }
      this.#connection.closeWhenFlushed("the target was reset");
    }
    session.deliverHeld(); // a command that was aborted may have stood before others
  }

  /** What is wrong in the end is the matter of this connection alone. */
  async #conclude(work: Promise<void>): Promise<void> {
    try {
      await work;
    } catch (error) {
      this.#connection.fail(error);
    }
    this.#wake();
  }

  /** Which targets an initiator is told of may have to be found out first. */
  #receiveText(frame: Frame): void {
    const connection = this.#connection;
    const finding = findForDiscovery(this.#node, this.#session, connection.endpoint);
    if (finding === undefined) return this.#answerText(frame);
    const copy = copyFrame(frame);
    connection.holdUntil(finding.then(() => {
      if (connection.state === "logged-in") this.#answerText(copy);
    }));
  }

  #answerText(frame: Frame): void {
    const request = this.#textRequest;
    request.view = frame.view;
    request.base = frame.base;
    const data = frame.octets.subarray(frame.dataAt, frame.dataAt + frame.dataLength);
    const reason = this.#text.receive(request, data, this.answers);
    if (reason !== undefined) this.answers.reject(reason, frame);
  }

  /** RFC 7143 11.18.1: the answer repeats the data, as far as the initiator takes it. */
  #receivePing(frame: Frame): void {
    const tag = frame.view.getUint32(frame.base + 16);
    const most = Math.min(
      this.#parameters.peerMaxRecvDataSegmentLength,
      this.#connection.roomForData,
    );
    this.answers.nopIn(frame, tag, Math.min(frame.dataLength, most));
  }

  /** The answer to our own ping. */
  #pong(frame: Frame): void {
    nopOut.view = frame.view;
    nopOut.base = frame.base;
    if (nopOut.targetTransferTag === this.#pingTag) this.#pingTag = undefined;
  }

  /** RFC 7143 11.14. */
  #receiveLogout(frame: Frame): void {
    const pdu = new LogoutRequest(frame.octets, frame.base);
    this.#conclude(this.#logOut(pdu.reason, pdu.cid, pdu.initiatorTaskTag));
  }

  async #logOut(reason: number, cid: number, tag: number): Promise<void> {
    const session = this.#session;
    const connection = this.#connection;
    if (reason === LogoutReason.REMOVE_CONNECTION_FOR_RECOVERY) {
      return this.answers.logoutResponse(tag, LogoutOutcome.CONNECTION_RECOVERY_NOT_SUPPORTED);
    }
    // Nothing more comes in before what is there is ended, nor is anything carried out afterwards.
    if (reason === LogoutReason.CLOSE_SESSION) {
      connection.leave();
      for (const other of [...session.connections.values()]) {
        if (other !== connection) other.close("the session was logged out");
      }
      await session.abort(() => true);
    } else {
      const other = session.connections.get(cid);
      if (reason !== LogoutReason.CLOSE_CONNECTION || other === undefined) {
        return this.answers.logoutResponse(tag, LogoutOutcome.CID_NOT_FOUND);
      }
      if (other === connection) connection.leave();
      else other.close("the connection was logged out");
      await session.abort((task) => task.commands === other.commands);
    }
    if (connection.state !== "logged-in" && connection.state !== "in-logout") return;
    this.answers.logoutResponse(tag, LogoutOutcome.CLOSED);
    if (connection.state === "in-logout") connection.closeWhenFlushed("logged out");
  }
}
