/**
 * One connection as a protocol engine: octets come in through `inbox`, answers leave through
 * `outbox`, and a pump moves both. RFC 7143 8.1 gives the states. What ends the connection is
 * thrown inside and ends here, in one log line.
 */
import type { ConnectionParameters } from "../iscsi/parameters.ts";
import { Found, Framer, MOST_AHS_LENGTH } from "../iscsi/framer.ts";
import type { Frame } from "../iscsi/frame.ts";
import { Opcode } from "../iscsi/opcode.ts";
import { LoginRequest } from "../iscsi/pdu/login_request.ts";
import { ProtocolError } from "../iscsi/protocol_error.ts";
import type { Engine } from "../net/engine.ts";
import { assert } from "../runtime/assert.ts";
import type { Facts } from "../runtime/logger.ts";
import type { BufferPool } from "../wire/buffer_pool.ts";
import { Inbox } from "../wire/inbox.ts";
import { Outbox } from "../wire/outbox.ts";
import { type Announcement, SESSION_DROPPED } from "./announcement.ts";
import type { HeldCommand } from "./command_window.ts";
import { type LogLevel, logOf } from "./connection_log.ts";
import { assertEdge, type ConnectionState } from "./connection_state.ts";
import type { Endpoint } from "./endpoint.ts";
import { FullFeature } from "./full_feature.ts";
import { Login, LOGIN_DATA_LIMIT, type LoginProgress } from "./login.ts";
import { isMediumBehind } from "./medium_pace.ts";
import type { TargetNode } from "./node.ts";
import { ANSWERS_OF_A_PDU, dataOfAnswer } from "./outbox_room.ts";
import { PduWriter } from "../iscsi/pdu_writer.ts";
import type { ScsiCommands } from "./scsi_commands.ts";
import type { Session } from "./session.ts";

/** Octets that an idle connection receives into: enough for a queue of 32 commands without data. */
const SMALL_INBOX_LENGTH = 2048;

export interface ConnectionOptions {
  readonly node: TargetNode;
  readonly endpoint: Endpoint;
  readonly receiveBuffers: BufferPool;
  readonly sendBuffers: BufferPool;
  /** Something has been laid out, or the state has changed: the pump looks again. */
  readonly wake: () => void;
}

export class Connection implements Engine {
  readonly inbox: Inbox;
  readonly outbox: Outbox;
  readonly endpoint: Endpoint;
  readonly #node: TargetNode;
  readonly #framer: Framer;
  readonly #writer: PduWriter;
  /** Until full feature phase. */
  #login: Login | undefined;
  readonly #loginRequest = new LoginRequest();
  readonly #wakePump: () => void;
  #state: ConnectionState = "in-login";
  #flow: FullFeature | undefined;
  #session: Session | undefined;
  #isHeld = false;
  #wakeScheduled = false;
  #receiving = false;
  /** When the connection came, when it was heard last, when the state changed. */
  #sinceMs: number;
  #heardMs: number;
  #stateMs: number;
  cid = 0;
  parameters: ConnectionParameters | undefined;
  /** The entry of the access list that let it in. */
  rule: string | undefined;

  constructor(options: ConnectionOptions) {
    this.#node = options.node;
    this.endpoint = options.endpoint;
    this.#wakePump = options.wake;
    this.inbox = new Inbox(SMALL_INBOX_LENGTH, options.receiveBuffers);
    this.inbox.borrows = false; // a stranger holds what it sends, and no more
    this.outbox = new Outbox(options.sendBuffers);
    this.#writer = new PduWriter(this.outbox);
    // RFC 7143 13.12: during login the default holds, whatever is declared.
    this.#framer = new Framer(this.inbox, LOGIN_DATA_LIMIT);
    this.#login = new Login(this.#node, this.endpoint, this.#writer);
    this.#sinceMs = this.#heardMs = this.#stateMs = this.#node.clock.nowMs();
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

  get session(): Session | undefined {
    return this.#session;
  }

  /** Its SCSI commands; undefined before full feature phase. */
  get commands(): ScsiCommands | undefined {
    return this.#flow?.commands;
  }

  /** Octets of data that an answer may carry just now. */
  get roomForData(): number {
    return this.#writer.room - ANSWERS_OF_A_PDU;
  }

  /**
   * True while nothing more may be received: the peer has to take answers, or the medium its data.
   */
  get isBlocked(): boolean {
    if (this.#state !== "in-login" && this.#state !== "logged-in") return false;
    const { inbox } = this;
    return this.#isHeld || isMediumBehind(this.#node, this.commands?.pendingOctets ?? 0) ||
      !this.#hasRoom(inbox.available < 8 ? 0 : dataOfAnswer(inbox.view, inbox.start));
  }

  get isIdle(): boolean {
    return this.#state === "logged-in" && this.#session!.tasks.size === 0;
  }

  #hasRoom(dataLength: number): boolean {
    return this.outbox.length === 0 || this.roomForData >= dataLength;
  }

  /** A command that was held can be answered now, or need not be: its initiator is gone. */
  hasRoomFor(frame: Frame): boolean {
    return this.#state !== "logged-in" || this.#hasRoom(dataOfAnswer(frame.view, frame.base));
  }

  /**
   * Deals with every whole PDU in the inbox, as far as there is room for the answers. False: some
   * may be left.
   */
  receive(): boolean {
    if (this.#receiving) return true; // an answer's wake-up in the middle of a batch
    this.#receiving = true;
    let isBlocked = false;
    try {
      this.#heardMs = this.#node.clock.nowMs();
      while (this.#takes && !(isBlocked = this.isBlocked) && this.#receiveOne()) { /* next */ }
      if (!this.#takes) this.inbox.take(this.inbox.available);
    } catch (error) {
      this.fail(error);
    } finally {
      this.#receiving = false;
    }
    this.produce();
    return !isBlocked;
  }

  get #takes(): boolean {
    return this.#state === "in-login" || this.#state === "logged-in";
  }

  #receiveOne(): boolean {
    const framer = this.#framer;
    const found = framer.next();
    if (found === Found.NOTHING) return false;
    if (this.#flow === undefined) {
      this.#receiveLogin(framer);
    } else if (found === Found.PDU) {
      this.#flow.receive(framer);
    } else {
      this.#flow.rejectDamaged(framer);
      this.closeWhenFlushed("data digest error");
    }
    this.inbox.take(framer.length);
    return true;
  }

  /** RFC 7143 6.3: before full feature phase only Login Requests are legal. */
  #receiveLogin(frame: Frame): void {
    const opcode = frame.view.getUint8(frame.base) & 0x3f;
    if (opcode !== Opcode.LOGIN_REQUEST) {
      throw new ProtocolError(`opcode 0x${opcode.toString(16)} before login`);
    }
    const request = this.#loginRequest;
    request.view = frame.view;
    request.base = frame.base;
    const data = frame.octets.subarray(frame.dataAt, frame.dataAt + frame.dataLength);
    const progress = this.#login!.receive(request, data);
    if (progress instanceof Promise) this.holdUntil(progress.then((it) => this.#afterLogin(it)));
    else this.#afterLogin(progress);
  }

  /** Nothing more is received until `work` is done. */
  async holdUntil(work: Promise<void>): Promise<void> {
    this.#isHeld = true;
    try {
      await work;
    } catch (error) {
      this.fail(error);
    } finally {
      this.#isHeld = false;
    }
    this.receive();
    this.#wakePump();
  }

  #afterLogin(progress: LoginProgress): void {
    if (progress === "refused") this.closeWhenFlushed("login refused");
    else if (progress === "done") this.#enterFullFeature();
  }

  #enterFullFeature(): void {
    const outcome = this.#login?.outcome;
    this.#login = undefined;
    assert(outcome !== undefined, "a login that is done has an outcome");
    const { session, cid, statSN } = outcome;
    // A copy of our own: the initiator may say anew what it takes. RFC 7143 13.12.
    const parameters = { ...outcome.parameters };
    const { connections } = session;
    const hasPlace = !session.uses(cid) &&
      connections.size < Math.max(1, session.parameters.maxConnections);
    if (this.#state === "closed" || session.isEnding || !hasPlace) {
      // While an old session or connection was being ended, the peer went away, or another login
      // took its place.
      if (session.connections.size === 0) session.terminate("the login was not completed");
      return this.close("its session is over");
    }
    this.#session = session;
    this.cid = cid;
    this.parameters = parameters;
    this.rule = outcome.rule;
    // Digests begin with the first PDU of full feature phase. RFC 7143 13.1.
    this.#framer.headerDigest = this.#writer.headerDigest = parameters.headerDigest;
    this.#framer.dataDigest = this.#writer.dataDigest = parameters.dataDigest;
    this.#framer.maxDataSegmentLength = parameters.ownMaxRecvDataSegmentLength;
    this.#framer.maxAhsLength = MOST_AHS_LENGTH;
    this.inbox.borrows = true;
    this.#flow = new FullFeature({
      connection: this,
      session,
      node: this.#node,
      writer: this.#writer,
      parameters,
      statSN,
      wake: () => this.#wake(),
    });
    session.connections.set(cid, this);
    this.#enter("logged-in");
  }

  /** A command of this connection that waited for an earlier one on another. */
  deliver({ frame, data }: HeldCommand): void {
    if (this.#state !== "logged-in") return;
    try {
      this.#flow!.deliver(frame);
      for (const each of data) this.#flow!.receiveData(each);
    } catch (error) {
      this.fail(error);
    }
    this.#wake();
  }

  /** Lays out data for which there is room. */
  produce(): void {
    if (this.#state !== "logged-in") return;
    try {
      this.#flow!.commands.produce();
    } catch (error) {
      this.fail(error);
    }
  }

  /** The pump has written what was laid out. */
  drained(): void {
    this.outbox.drained();
    this.#goOn();
  }

  /** There may be room again: for data, for what was received before, for what others hold back. */
  #goOn(): void {
    if (this.inbox.available > 0 && !this.isBlocked) this.receive();
    else this.produce();
    if (this.#state === "logged-in") this.#session!.deliverHeld();
  }

  /**
   * Something can be sent that no received PDU asked for just now; several such are dealt with at
   * once.
   */
  #wake(): void {
    if (this.#wakeScheduled) return;
    this.#wakeScheduled = true;
    queueMicrotask(() => {
      this.#wakeScheduled = false;
      this.#goOn();
      this.#wakePump();
    });
  }

  /** What is due as time goes by; called about once a second. */
  tick(nowMs: number): void {
    const { limits } = this.#node;
    switch (this.#state) {
      case "in-login":
        if (nowMs - this.#sinceMs > limits.loginDeadlineMs) this.close("login took too long");
        break;
      case "logged-in":
        this.#tickLoggedIn(nowMs);
        break;
      case "in-logout":
      case "cleanup-wait":
        if (nowMs - this.#stateMs > limits.logoutDeadlineMs) this.close("did not close in time");
    }
  }

  #tickLoggedIn(nowMs: number): void {
    const { limits } = this.#node;
    const flow = this.#flow!;
    if (this.#session!.window.gapAgeMs(nowMs) > limits.commandGapMs) {
      return this.close("a command is missing in the CmdSN order");
    }
    // While nothing is received, silence is not the peer's.
    if (this.isBlocked) this.#heardMs = nowMs;
    const silentMs = nowMs - this.#heardMs;
    if (flow.isPinging) {
      if (silentMs > limits.nopIntervalMs + limits.nopTimeoutMs) this.close("no answer to NOP-In");
    } else if (silentMs > limits.nopIntervalMs && this.roomForData > 0) {
      flow.ping();
      this.#wakePump();
    }
  }

  /** Tells the initiator; false: it cannot be told now, having answers to take first. */
  announce(announcement: Announcement): boolean {
    if (this.#state !== "logged-in" || this.roomForData <= 0) return false;
    this.#flow!.answers.announce(announcement);
    this.#wakePump();
    return true;
  }

  /** Says that the session is over, and closes once that has left. RFC 7143 11.9.1, event 3. */
  drop(reason: string): void {
    this.announce(SESSION_DROPPED);
    this.closeWhenFlushed(reason);
  }

  /** A logout is being carried out: nothing more is taken from the peer. */
  leave(): void {
    this.#enter("in-logout");
  }

  /** Closes once what is laid out has left. */
  closeWhenFlushed(reason: string): void {
    if (this.#state === "closed" || this.#state === "cleanup-wait") return;
    this.#log("debug", "connection ends", { reason });
    this.#enter("cleanup-wait");
    this.#session?.connectionClosed(this, reason);
    this.#wakePump();
  }

  /** Closes now. */
  close(reason: string): void {
    if (this.#state === "closed") return;
    // Why it ends has been told where it was decided.
    this.#log(this.#state === "cleanup-wait" ? "debug" : "info", "connection closed", { reason });
    this.#closeNow(reason);
  }

  #closeNow(reason: string): void {
    this.#enter("closed");
    this.#login?.cancel();
    this.#session?.connectionClosed(this, reason);
    this.#wakePump();
  }

  /** Gives the buffers back; nothing is being written any more. */
  release(): void {
    this.inbox.close();
    this.outbox.close();
  }

  /** The octets stream broke, or the engine threw: one line says who did what. */
  fail(error: unknown): void {
    if (this.#state === "closed") return;
    const reason = error instanceof Error ? error.message : String(error);
    if (error instanceof ProtocolError) this.#log("warn", "protocol error", { reason });
    else this.#log("error", "internal error", { reason, stack: (error as Error)?.stack });
    this.#closeNow(reason);
  }

  #log(level: LogLevel, message: string, facts: Facts): void {
    logOf(this.#node, this, level)(message, facts);
  }

  #enter(state: ConnectionState): void {
    if (state === this.#state) return;
    assertEdge(this.#state, state);
    this.#state = state;
    this.#stateMs = this.#node.clock.nowMs();
  }
}
