/**
 * One connection as a protocol engine: octets come in through `inbox`, requests leave through
 * `outbox`, and a pump moves both. RFC 7143 8.1. What ends the connection is thrown inside and ends
 * here.
 */
import { Found, Framer, MOST_AHS_LENGTH } from "../iscsi/framer.ts";
import { Opcode } from "../iscsi/opcode.ts";
import { LoginResponse } from "../iscsi/pdu/login_response.ts";
import { PduWriter } from "../iscsi/pdu_writer.ts";
import { ProtocolError } from "../iscsi/protocol_error.ts";
import type { Engine } from "../net/engine.ts";
import { Inbox } from "../wire/inbox.ts";
import { Outbox } from "../wire/outbox.ts";
import { ConnectionClosed } from "./closing.ts";
import { DirectDataIn } from "./direct_data_in.ts";
import { FullFeature } from "./full_feature.ts";
import { Login, LOGIN_DATA_LIMIT, type LoginOptions, type LoginOutcome } from "./login.ts";
import type { InitiatorNode } from "./node.ts";
import type { Redirect } from "./redirect.ts";
import type { Session } from "./session.ts";
import type { Task } from "./task.ts";

export type ConnectionState = "in-login" | "logged-in" | "cleanup-wait" | "closed";

export interface ConnectionOptions {
  readonly node: InitiatorNode;
  readonly login: LoginOptions;
  /** The login is done: the session that it made, or joined. */
  readonly establish: (connection: Connection, outcome: LoginOutcome) => Session;
  /** Something has been laid out, or the state has changed: the pump looks again. */
  readonly wake: () => void;
}

const SMALL_INBOX_LENGTH = 8192;

/** Octets still to come from which on they are received straight into their place. */
const LEAST_DIRECT = 4096;

export class Connection implements Engine {
  readonly inbox: Inbox;
  readonly outbox: Outbox;
  readonly cid: number;
  /** Never: what comes is dealt with whatever leaves. */
  readonly isBlocked = false;
  readonly isEager = true;
  readonly #node: InitiatorNode;
  readonly #framer: Framer;
  readonly #writer: PduWriter;
  readonly #direct: DirectDataIn;
  readonly #establish: ConnectionOptions["establish"];
  readonly #wakePump: () => void;
  readonly #done = Promise.withResolvers<Session | Redirect>();
  #login: Login | undefined;
  #flow: FullFeature | undefined;
  #session: Session | undefined;
  #state: ConnectionState = "in-login";
  #wakeScheduled = false;
  /** When the target was heard last. */
  heardMs: number;

  constructor({ node, login, establish, wake }: ConnectionOptions) {
    this.#node = node;
    this.cid = login.cid;
    this.#establish = establish;
    this.#wakePump = wake;
    this.inbox = new Inbox(SMALL_INBOX_LENGTH, node.receiveBuffers);
    this.inbox.borrows = false; // until the target has logged us in
    this.outbox = new Outbox(node.sendBuffers);
    this.#writer = new PduWriter(this.outbox);
    // RFC 7143 13.12: during login the default holds, whatever is declared.
    this.#framer = new Framer(this.inbox, LOGIN_DATA_LIMIT);
    this.#direct = new DirectDataIn(this.inbox, this.#framer);
    this.#login = new Login(login, this.#writer);
    this.heardMs = node.clock.nowMs();
    this.#done.promise.catch(() => undefined);
  }

  get state(): ConnectionState {
    return this.#state;
  }

  get isClosed(): boolean {
    return this.#state === "closed";
  }

  get isEnding(): boolean {
    return this.#state === "cleanup-wait";
  }

  get isIdle(): boolean {
    return this.#state === "logged-in" && this.#session!.isWaiting;
  }

  /** Undefined before full feature phase. */
  get flow(): FullFeature | undefined {
    return this.#flow;
  }

  /** Lays out the first Login Request; answers what the login came to. */
  logIn(): Promise<Session | Redirect> {
    this.#login!.start();
    this.#wakePump();
    return this.#done.promise;
  }

  /** Deals with every whole PDU in the inbox, and with long data before it is whole. */
  receive(): boolean {
    try {
      this.heardMs = this.#node.clock.nowMs();
      while (this.#takes && this.#receiveOne()) { /* next */ }
      if (!this.#takes) this.inbox.take(this.inbox.available);
    } catch (error) {
      this.fail(error);
    }
    this.produce();
    return true;
  }

  get #takes(): boolean {
    return this.#state === "in-login" || this.#state === "logged-in";
  }

  #receiveOne(): boolean {
    if (this.#flow === undefined) return this.#receiveLogin();
    if (this.#direct.isUnderWay) return this.#endDirect(this.#flow);
    const framer = this.#framer;
    if (!framer.locate()) return false;
    if (!framer.isWhole) return this.#receivePart(this.#flow);
    // RFC 7143 7.8: at error recovery level 0 there is no asking for it again.
    if (framer.isDataDamaged()) throw new ProtocolError("data digest error");
    this.#flow.receive(framer);
    this.inbox.take(framer.length);
    return true;
  }

  /** A long Data-In goes to its place as it comes; anything else is waited for. */
  #receivePart(flow: FullFeature): boolean {
    const framer = this.#framer;
    const { view, base } = framer;
    const missing = framer.length - this.inbox.available;
    const isDataIn = (view.getUint8(base) & 0x3f) === Opcode.DATA_IN;
    if (!isDataIn || missing < LEAST_DIRECT) {
      this.inbox.require(framer.length);
      return false;
    }
    this.#direct.begin(flow.commands.placeOf(framer));
    return this.#endDirect(flow);
  }

  #endDirect(flow: FullFeature): boolean {
    const direct = this.#direct;
    if (!direct.end()) return false;
    flow.updateWindow(direct.pdu.view, 0);
    flow.commands.endDataIn(direct.pdu, direct.dataLength);
    direct.release();
    return true;
  }

  /** RFC 7143 6.3: before full feature phase only Login Responses are legal. */
  #receiveLogin(): boolean {
    const framer = this.#framer;
    if (framer.next() === Found.NOTHING) return false;
    const opcode = framer.view.getUint8(framer.base) & 0x3f;
    if (opcode !== Opcode.LOGIN_RESPONSE) {
      throw new ProtocolError(`opcode 0x${opcode.toString(16)} during login`);
    }
    const { octets, base, dataAt, dataLength } = framer;
    const login = this.#login!;
    const data = octets.subarray(dataAt, dataAt + dataLength);
    const progress = login.receive(new LoginResponse(octets, base), data);
    this.inbox.take(framer.length);
    if (progress === "redirected") {
      this.#done.resolve(login.redirect!);
      this.close("the target is elsewhere");
    } else if (progress === "done") this.#enterFullFeature(login.outcome!);
    return true;
  }

  #enterFullFeature(outcome: LoginOutcome): void {
    const { connection, expStatSN } = outcome;
    this.#login = undefined;
    // Digests begin with the first PDU of full feature phase. RFC 7143 13.1.
    this.#framer.headerDigest = this.#writer.headerDigest = connection.headerDigest;
    this.#framer.dataDigest = this.#writer.dataDigest = connection.dataDigest;
    this.#framer.maxDataSegmentLength = connection.ownMaxRecvDataSegmentLength;
    this.#framer.maxAhsLength = MOST_AHS_LENGTH;
    this.inbox.borrows = true;
    this.#state = "logged-in";
    const session = this.#session = this.#establish(this, outcome);
    session.window.update(outcome.expCmdSN, outcome.maxCmdSN);
    this.#flow = new FullFeature({
      connection: this,
      session,
      writer: this.#writer,
      parameters: connection,
      expStatSN,
    });
    this.#done.resolve(session);
  }

  /** Lays out a command; false if it must wait. */
  send(task: Task): boolean {
    return this.#state === "logged-in" && this.#flow!.commands.send(task);
  }

  /** Nothing more of the task's data is wanted. */
  forget(task: Task): void {
    this.#flow?.commands.forget(task);
  }

  /** Lays out what there is room for. */
  produce(): void {
    if (this.#state !== "logged-in") return;
    try {
      if (this.#flow!.produce()) this.#session!.issue(this);
    } catch (error) {
      this.fail(error);
    }
  }

  /** The pump has written what was laid out. */
  drained(): void {
    this.outbox.drained();
    this.produce();
  }

  /** Something is to be sent that nothing received asked for: several such leave at once. */
  wake(): void {
    if (this.#wakeScheduled) return;
    this.#wakeScheduled = true;
    queueMicrotask(() => {
      this.#wakeScheduled = false;
      this.produce();
      this.#wakePump();
    });
  }

  /** Closes once what is laid out has left. */
  closeWhenFlushed(): void {
    if (this.#state === "closed") return;
    this.#state = "cleanup-wait";
    this.#wakePump();
  }

  /** Closes now; `reason` is what the session ends with, unless it has ended already. */
  close(reason: string): void {
    this.#close(new ConnectionClosed(reason));
  }

  /** The target broke the protocol, or we did. */
  fail(error: unknown): void {
    if (error instanceof Error) this.#close(error);
    else this.#close(new Error(String(error)));
  }

  #close(reason: Error): void {
    if (this.#state === "closed") return;
    this.#state = "closed";
    this.#done.reject(reason);
    this.#flow?.close(reason);
    this.#session?.connectionClosed(this, reason);
    this.#wakePump();
  }

  /** Gives the buffers back; nothing is being read or written any more. */
  release(): void {
    this.#direct.release();
    this.inbox.close();
    this.outbox.close();
  }
}
