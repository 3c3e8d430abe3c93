/**
 * Full feature phase of one connection: which PDU the target may send, and who deals with it. RFC
 * 7143 6.4. Nothing that comes waits for what leaves: answers are kept, few of each kind, until
 * there is room for them.
 */
import { RESERVED_TAG } from "../iscsi/bhs.ts";
import type { Frame } from "../iscsi/frame.ts";
import { Opcode } from "../iscsi/opcode.ts";
import type { ConnectionParameters } from "../iscsi/parameters.ts";
import { AsyncMessage } from "../iscsi/pdu/async_message.ts";
import { LogoutOutcome, LogoutResponse } from "../iscsi/pdu/logout_response.ts";
import { NopIn } from "../iscsi/pdu/nop_in.ts";
import { TaskManagementResponse } from "../iscsi/pdu/task_management_response.ts";
import type { PduWriter } from "../iscsi/pdu_writer.ts";
import { ProtocolError } from "../iscsi/protocol_error.ts";
import { emitKeyValues, type Pair } from "../wire/key_values.ts";
import { receiveAsyncMessage } from "./async_events.ts";
import type { Connection } from "./connection.ts";
import { lunOf, Requests } from "./requests.ts";
import { receiveReject } from "./reject.ts";
import { ScsiCommands } from "./scsi_commands.ts";
import type { Session } from "./session.ts";
import { TextExchange } from "./text_exchange.ts";

export interface FullFeatureOptions {
  readonly connection: Connection;
  readonly session: Session;
  readonly writer: PduWriter;
  readonly parameters: ConnectionParameters;
  readonly expStatSN: number;
}

/** A NOP-In that wants an answer. */
interface Ping {
  readonly lun: Uint8Array;
  readonly targetTransferTag: number;
}

/** A question of ours, laid out when there is room. */
interface Question {
  readonly room: number;
  ask(): void;
}

/** A ping with data that is to come back. */
interface Echo {
  readonly tag: number;
  readonly data: Uint8Array;
  readonly done: PromiseWithResolvers<void>;
}

/** The longest PDU that is no data: a header with digests, and a short text. */
const QUESTION_ROOM = 1024;

/** Offsets that all PDUs of a target in this phase share. RFC 7143 11.4.10, 11.4.11. */
const EXP_CMD_SN_AT = 28;
const MAX_CMD_SN_AT = 32;

export class FullFeature {
  readonly requests: Requests;
  readonly commands: ScsiCommands;
  readonly #session: Session;
  readonly #connection: Connection;
  readonly #writer: PduWriter;
  readonly #pings: Ping[] = [];
  readonly #questions: Question[] = [];
  readonly #functions = new Map<number, PromiseWithResolvers<number>>();
  #text: TextExchange | undefined;
  #pingTag: number | undefined;
  #echo: Echo | undefined;
  #logout: { readonly tag: number; readonly done: (response: number) => void } | undefined;

  constructor(options: FullFeatureOptions) {
    const { connection, session, writer, parameters, expStatSN } = options;
    this.#session = session;
    this.#connection = connection;
    this.#writer = writer;
    this.requests = new Requests(writer, session.window, expStatSN);
    this.commands = new ScsiCommands({
      connection,
      keeper: session,
      requests: this.requests,
      writer,
      session: session.parameters,
      parameters,
    });
  }

  /** One PDU, as it came. */
  receive(frame: Frame): void {
    this.updateWindow(frame.view, frame.base);
    const opcode = frame.view.getUint8(frame.base) & 0x3f;
    switch (opcode) {
      case Opcode.DATA_IN:
        return this.commands.receiveDataIn(frame);
      case Opcode.SCSI_RESPONSE:
        return this.commands.receiveResponse(frame);
      case Opcode.READY_TO_TRANSFER:
        return this.commands.receiveR2T(frame);
      case Opcode.NOP_IN:
        return this.#receiveNopIn(frame);
      case Opcode.TASK_MANAGEMENT_RESPONSE:
        return this.#receiveFunction(frame);
      case Opcode.TEXT_RESPONSE:
        return this.#receiveText(frame);
      case Opcode.LOGOUT_RESPONSE:
        return this.#receiveLogout(frame);
      case Opcode.ASYNC_MESSAGE:
        this.acknowledge(new AsyncMessage(frame.octets, frame.base).statSN);
        return receiveAsyncMessage(this.#session, this.#connection.cid, frame);
      case Opcode.REJECT:
        return receiveReject(this, this.#session, frame);
      default:
        throw new ProtocolError(`opcode 0x${opcode.toString(16)}, which no target sends`);
    }
  }

  updateWindow(view: DataView, base: number): void {
    const { window } = this.#session;
    window.update(view.getUint32(base + EXP_CMD_SN_AT), view.getUint32(base + MAX_CMD_SN_AT));
  }

  /** A response counts; one that is missing or comes twice ends the session. RFC 7143 4.2.2.2. */
  acknowledge(statSN: number): void {
    if (this.requests.acknowledge(statSN)) return;
    const { expStatSN } = this.requests;
    throw new ProtocolError(`StatSN ${statSN} instead of ${expStatSN}: a response is lost`);
  }

  /**
   * Lays out what is due: what is short and waited for, then the data that the target asked for,
   * and only then new commands. True if there may be room for these.
   */
  produce(): boolean {
    while (this.#pings.length > 0 && this.#writer.room >= QUESTION_ROOM) {
      const { lun, targetTransferTag } = this.#pings.shift()!;
      this.requests.pong(lun, targetTransferTag);
    }
    while (this.#questions.length > 0 && this.#writer.room >= this.#questions[0]!.room) {
      this.#questions.shift()!.ask();
    }
    return this.commands.produce();
  }

  #ask(ask: () => void, room = QUESTION_ROOM): void {
    this.#questions.push({ ask, room });
    this.#connection.wake();
  }

  /** Resolves when the target has sent this data back; one at a time. RFC 7143 11.18, 11.19. */
  echo(data: Uint8Array): Promise<void> {
    const tag = this.#session.takeTag();
    const done = Promise.withResolvers<void>();
    this.#echo?.done.reject(new Error("another ping took its place"));
    this.#echo = { tag, data, done };
    this.#ask(() => this.requests.ping(tag, data), QUESTION_ROOM + data.length);
    return done.promise;
  }

  /** False: it is no answer to that. */
  #endEcho(frame: Frame, pdu: InstanceType<typeof NopIn>): boolean {
    const echo = this.#echo;
    if (echo === undefined || pdu.initiatorTaskTag !== echo.tag) return false;
    this.acknowledge(pdu.statSN);
    this.#echo = undefined;
    const { octets, dataAt, dataLength } = frame;
    const isSame = dataLength === echo.data.length &&
      echo.data.every((octet, i) => octet === octets[dataAt + i]);
    if (isSame) echo.done.resolve();
    else echo.done.reject(new Error("the target sends back something else"));
    return true;
  }

  /** Asks whether the target is there, unless that is being asked. RFC 7143 11.18. */
  ping(): void {
    if (this.#pingTag !== undefined) return;
    const tag = this.#pingTag = this.#session.takeTag();
    this.#ask(() => this.requests.ping(tag));
  }

  #receiveNopIn(frame: Frame): void {
    const pdu = new NopIn(frame.octets, frame.base);
    const { targetTransferTag, initiatorTaskTag } = pdu;
    if (initiatorTaskTag !== RESERVED_TAG) {
      if (this.#endEcho(frame, pdu)) return;
      if (initiatorTaskTag !== this.#pingTag) {
        throw new ProtocolError("NOP-In that nobody asked for");
      }
      this.acknowledge(pdu.statSN);
      this.#pingTag = undefined;
    } else if (targetTransferTag !== RESERVED_TAG) {
      if (this.#pings.length >= this.#session.node.limits.pings) {
        throw new ProtocolError("more NOP-Ins than can be answered");
      }
      // 11.19.2: it carries the next StatSN without using it up
      this.#pings.push({ lun: lunOf(frame), targetTransferTag });
    }
  }

  /** Asks for a task management function; answers its response. RFC 7143 11.5, 11.6. */
  manage(
    functionCode: number,
    lun: Uint8Array,
    referencedTaskTag = RESERVED_TAG,
    refCmdSN = 0,
  ): Promise<number> {
    const initiatorTaskTag = this.#session.takeTag();
    const response = Promise.withResolvers<number>();
    response.promise.catch(() => undefined);
    this.#functions.set(initiatorTaskTag, response);
    const fields = { functionCode, lun, initiatorTaskTag, referencedTaskTag, refCmdSN };
    this.#ask(() => this.requests.taskManagement(fields));
    return response.promise;
  }

  #receiveFunction(frame: Frame): void {
    const pdu = new TaskManagementResponse(frame.octets, frame.base);
    this.acknowledge(pdu.statSN);
    if (!this.endFunction(pdu.initiatorTaskTag, pdu.response)) {
      throw new ProtocolError("Task Management Function Response that nobody asked for");
    }
  }

  /** False if there is no such function under way. */
  endFunction(initiatorTaskTag: number, response: number): boolean {
    const waiting = this.#functions.get(initiatorTaskTag);
    this.#functions.delete(initiatorTaskTag);
    waiting?.resolve(response);
    return waiting !== undefined;
  }

  /** Asks in a text; one question at a time. RFC 7143 11.10. */
  converse(pairs: readonly Pair[]): Promise<readonly Pair[]> {
    const tag = this.#session.takeTag();
    const exchange = new TextExchange(this.requests, tag, this.#session.node.limits);
    this.#text?.fail(new Error("another question took its place"));
    this.#text = exchange;
    this.#ask(() => exchange.start(emitKeyValues(pairs)));
    return exchange.answer;
  }

  #receiveText(frame: Frame): void {
    this.acknowledge(frame.view.getUint32(frame.base + 24));
    const exchange = this.#text;
    if (exchange === undefined) throw new ProtocolError("Text Response that nobody asked for");
    if (exchange.receive(frame)) this.#text = undefined;
  }

  /** The target will not answer the question. */
  failText(reason: Error): void {
    this.#text?.fail(reason);
    this.#text = undefined;
  }

  /** Asks to close the session, or this connection; answers the response. RFC 7143 11.14. */
  logout(reason: number): Promise<number> {
    const tag = this.#session.takeTag();
    return new Promise((done) => {
      this.#logout = { tag, done };
      this.#ask(() => this.requests.logout(tag, reason, this.#connection.cid));
    });
  }

  #receiveLogout(frame: Frame): void {
    const pdu = new LogoutResponse(frame.octets, frame.base);
    this.acknowledge(pdu.statSN);
    if (pdu.initiatorTaskTag !== this.#logout?.tag) {
      throw new ProtocolError("Logout Response that nobody asked for");
    }
    this.endLogout(pdu.response);
  }

  endLogout(response: number = LogoutOutcome.CLOSED): void {
    this.#logout?.done(response);
    this.#logout = undefined;
  }

  /** The connection is gone: nobody is answered any more. */
  close(reason: Error): void {
    this.failText(reason);
    this.#echo?.done.reject(reason);
    this.endLogout(LogoutOutcome.CLEANUP_FAILED);
    this.#questions.length = this.#pings.length = 0;
    for (const waiting of this.#functions.values()) waiting.reject(reason);
    this.#functions.clear();
  }
}
