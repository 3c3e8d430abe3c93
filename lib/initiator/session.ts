/**
 * A session: a nexus for as long as it lasts. Commands go in, statuses come out; when any of its
 * connections is lost, so is the session (error recovery level 0, RFC 7143 7.1), and it never comes
 * back: what was under way is handed back as it stands, once no buffer is being written to.
 */
import type { SessionParameters } from "../iscsi/parameters.ts";
import { Tags } from "../iscsi/tags.ts";
import { LogoutReason } from "../iscsi/pdu/logout_request.ts";
import { LogoutOutcome } from "../iscsi/pdu/logout_response.ts";
import type { Dialled } from "../net/dialled.ts";
import { pause } from "../runtime/pause.ts";
import { within } from "../runtime/within.ts";
import type { Pair } from "../wire/key_values.ts";
import type { ReceivedSense } from "../scsi/sense_data.ts";
import { TaskManagementFunction } from "../iscsi/pdu/task_management_request.ts";
import { emitLun, LUN_LENGTH } from "../scsi/lun.ts";
import { SenseKey } from "../scsi/sense.ts";
import { CommandFailure, type CommandRequest, type CommandResult } from "./command.ts";
import type { CommandWindow } from "./command_window.ts";
import type { Connection } from "./connection.ts";
import { endOverdue } from "./escalation.ts";
import type { LoginOutcome } from "./login.ts";
import type { InitiatorNode } from "./node.ts";
import { Task } from "./task.ts";

/** Why a session is over. */
export interface SessionEnd {
  readonly reason: string;
  /** We logged out, and the target says that nothing of it is left. */
  readonly isOrderly: boolean;
  /** The target asks to be left alone for so long. RFC 7143 11.9.1. */
  readonly time2WaitMs: number;
}

const LOGGED_OUT: SessionEnd = { reason: "logged out", isOrderly: true, time2WaitMs: 0 };
const LEFT: SessionEnd = {
  ...{ reason: "the target has not confirmed the logout", isOrderly: false, time2WaitMs: 0 },
};

/** What a session has to tell besides statuses. */
export interface SessionListener {
  /** A unit attention, as an event or with the status of a command. */
  attention?(lun: number, sense: ReceivedSense): void;
  /** The target asks to be logged out of within so many seconds. RFC 7143 11.9.1. */
  logoutRequested?(seconds: number): void;
}

/** A connection with what runs it. */
export interface RunningConnection {
  readonly connection: Connection;
  readonly dialled: Dialled;
  /** Resolves when nothing of it is read or written any more. */
  readonly ended: Promise<void>;
}

/** Looks at the clock so often while it lasts, at most. */
const LONGEST_TICK_MS = 250;
const TICKS_OF_PROBE = 20;
const IDLE_CHECK_MS = 20;
/** RFC 7143 11.12.6: 16 bits. */
const MOST_CID = 0xffff;

export class Session {
  readonly node: InitiatorNode;
  readonly where: string;
  readonly window: CommandWindow;
  readonly parameters: SessionParameters;
  readonly tsih: number;
  readonly targetPortalGroupTag: number | undefined;
  readonly targetAlias: string;
  readonly tasks: Map<number, Task> = new Map();
  listener: SessionListener = {};
  readonly #tags = new Tags();
  readonly #connections: RunningConnection[] = [];
  /** Those that get no more commands. */
  readonly #draining = new Set<Connection>();
  readonly #free: Task[] = [];
  readonly #resets = new Map<number, Promise<number>>();
  readonly #ended = Promise.withResolvers<SessionEnd>();
  #end: SessionEnd | undefined;
  #first: Task | undefined;
  #last: Task | undefined;
  #waitingCount = 0;
  #stopTicking: (() => void) | undefined;
  #tickedMs = 0;
  #isLeaving = false;
  /** The target has said so. */
  #isLoggedOut = false;
  /** Since when commands wait though none is under way. */
  #stuckSinceMs = 0;

  constructor(
    node: InitiatorNode,
    where: string,
    window: CommandWindow,
    outcome: LoginOutcome,
  ) {
    this.node = node;
    this.where = where;
    this.window = window;
    this.parameters = outcome.session;
    this.tsih = outcome.tsih;
    this.targetPortalGroupTag = outcome.targetPortalGroupTag;
    this.targetAlias = outcome.targetAlias;
    this.#tickedMs = node.clock.nowMs();
    this.#tick();
  }

  /** Resolves when it is over and everything has been handed back. */
  get ended(): Promise<SessionEnd> {
    return this.#ended.promise;
  }

  get isOver(): boolean {
    return this.#end !== undefined;
  }

  /** Commands are under way, and none is to be sent: it is the target's turn. */
  get isWaiting(): boolean {
    return this.tasks.size > 0 && this.#first === undefined;
  }

  /** A tag for anything that is asked. */
  takeTag(): number {
    let tag = this.#tags.take();
    while (this.tasks.has(tag)) tag = this.#tags.take();
    return tag;
  }

  /** A connection has logged in to it. */
  add(running: RunningConnection): void {
    this.#connections.push(running);
  }

  /** Its connections with both ends of each, the leading one first. */
  get connections(): readonly { readonly cid: number; readonly dialled: Dialled }[] {
    return this.#connections.map(({ connection: { cid }, dialled }) => ({ cid, dialled }));
  }

  /** As many as the target allows. RFC 7143 13.2. */
  connectionsWanted(count: number): number {
    return Math.min(count, this.parameters.maxConnections);
  }

  /** A CID for one more connection. */
  freeCid(): number {
    let cid = Math.max(0, ...this.#connections.map(({ connection }) => connection.cid)) + 1;
    if (cid > MOST_CID) cid = 1;
    while (this.#connections.some(({ connection }) => connection.cid === cid)) cid++;
    return cid;
  }

  /**
   * Logs out of one connection, once its commands have ended; the others go on. RFC 7143 11.14.1.
   * The leading one stays: questions and resets go there.
   */
  async removeConnection(cid: number): Promise<void> {
    const at = this.#connections.findIndex(({ connection }) => connection.cid === cid);
    if (at < 1) throw new RangeError(`connection ${cid} cannot be removed`);
    const { connection, ended } = this.#connections[at]!;
    this.#draining.add(connection);
    const { clock, limits } = this.node;
    const isBusy = () => [...this.tasks.values()].some((task) => task.connection === connection);
    while (isBusy() && !this.isOver) await pause(clock, IDLE_CHECK_MS);
    if (this.isOver) throw this.#over();
    // Whatever becomes of it from now on, nothing is lost with it.
    this.#connections.splice(
      this.#connections.findIndex((each) => each.connection === connection),
      1,
    );
    const flow = connection.flow;
    if (flow !== undefined) {
      await within(clock, limits.logoutTimeoutMs, [flow.logout(LogoutReason.CLOSE_CONNECTION)]);
    }
    connection.close("logged out");
    this.#draining.delete(connection);
    await ended;
  }

  /**
   * Has a logical unit carry a command out. Resolves with its status, whichever that is; fails with
   * a CommandFailure where there is none.
   */
  execute(lun: number, request: CommandRequest): Promise<CommandResult> {
    const { limits } = this.node;
    if (this.#end !== undefined) {
      const reason = `${this.where}: the session is over: ${this.#end.reason}`;
      return Promise.reject(new CommandFailure("not-sent", reason));
    }
    if (this.tasks.size + this.#waitingCount >= limits.commandsOfSession) {
      const reason = `${this.where}: more than ${limits.commandsOfSession} commands at once`;
      return Promise.reject(new CommandFailure("not-sent", reason));
    }
    const task = this.#free.pop() ?? new Task();
    task.begin(lun, request);
    task.timeoutMs = request.timeoutMs ?? limits.commandTimeoutMs;
    return new Promise((resolve, reject) => {
      task.resolve = resolve;
      task.reject = reject;
      this.#enqueue(task);
    });
  }

  #enqueue(task: Task): void {
    if (this.#last === undefined) this.#first = task;
    else this.#last.next = task;
    this.#last = task;
    this.#waitingCount++;
    this.#idlest().wake();
  }

  /** The connection with the least to send. */
  #idlest(): Connection {
    let idlest = this.#connections[0]!.connection;
    for (const { connection } of this.#connections) {
      if (this.#draining.has(connection)) continue;
      if (connection.outbox.length < idlest.outbox.length) idlest = connection;
    }
    return idlest;
  }

  /** Lays waiting commands out on a connection, as the window and its room allow. */
  issue(connection: Connection): void {
    if (this.#draining.has(connection)) return;
    const nowMs = this.node.clock.nowMs();
    for (let task = this.#first; task !== undefined && this.window.isOpen; task = this.#first) {
      task.initiatorTaskTag = this.takeTag();
      if (!connection.send(task)) return;
      this.#first = task.next;
      if (this.#first === undefined) this.#last = undefined;
      task.next = undefined;
      this.#waitingCount--;
      task.deadlineMs = nowMs + task.timeoutMs;
      this.tasks.set(task.initiatorTaskTag, task);
    }
  }

  /** The task has ended as its `result` says. */
  settle(task: Task): void {
    const { result, resolve, reject, lun } = task;
    this.tasks.delete(task.initiatorTaskTag);
    task.release();
    this.#free.push(task);
    if (result instanceof CommandFailure) return reject(result);
    if (result!.sense?.key === SenseKey.UNIT_ATTENTION) this.heard(lun, result!.sense);
    resolve(result!);
  }

  /** The target tells what has changed. */
  heard(lun: number, sense: ReceivedSense): void {
    this.listener.attention?.(lun, sense);
  }

  logoutRequested(seconds: number): void {
    this.node.logger.info("the target asks for a logout", { target: this.where, seconds });
    this.listener.logoutRequested?.(seconds);
  }

  /** Asks for a task management function; answers its response. RFC 7143 11.6. */
  async manage(functionCode: number, lun: Uint8Array): Promise<number> {
    const flow = this.#connections[0]?.connection.flow;
    if (flow === undefined || this.isOver) throw this.#over();
    return await flow.manage(functionCode, lun);
  }

  /** Resets a logical unit; those who ask while that is under way get the same answer. */
  resetUnit(lun: number): Promise<number> {
    const underWay = this.#resets.get(lun);
    if (underWay !== undefined) return underWay;
    const octets = new Uint8Array(LUN_LENGTH);
    emitLun(new DataView(octets.buffer), 0, lun);
    const reset = this.manage(TaskManagementFunction.LOGICAL_UNIT_RESET, octets)
      .finally(() => this.#resets.delete(lun));
    this.#resets.set(lun, reset);
    return reset;
  }

  /** Asks in a text and answers what the target said. */
  async converse(pairs: readonly Pair[]): Promise<readonly Pair[]> {
    const flow = this.#connections[0]?.connection.flow;
    if (flow === undefined || this.isOver) throw this.#over();
    return await flow.converse(pairs);
  }

  /** Resolves when the target has sent this data back. RFC 7143 11.18. */
  async echo(data: Uint8Array): Promise<void> {
    const flow = this.#connections[0]?.connection.flow;
    if (flow === undefined || this.isOver) throw this.#over();
    await flow.echo(data);
  }

  #over(): CommandFailure {
    return new CommandFailure("not-sent", `${this.where}: ${this.#end?.reason ?? "no connection"}`);
  }

  #tick(): void {
    const { limits, clock } = this.node;
    const delayMs = Math.min(LONGEST_TICK_MS, limits.probeTimeMs / TICKS_OF_PROBE);
    this.#stopTicking = clock.after(delayMs, () => {
      if (this.isOver) return;
      const nowMs = clock.nowMs();
      // Whoever slept is not to blame others for silence.
      const hasSlept = nowMs - this.#tickedMs > delayMs + limits.probeTimeMs / 2;
      this.#tickedMs = nowMs;
      for (const { connection } of this.#connections) this.#probe(connection, nowMs, hasSlept);
      if (!hasSlept) this.#endOverdue(nowMs);
      if (!this.isOver) this.#tick();
    });
  }

  #endOverdue(nowMs: number): void {
    for (const task of this.tasks.values()) {
      if (task.deadlineMs > nowMs || task.isEnding || task.state !== "sent") continue;
      task.isEnding = true;
      endOverdue(this, task);
    }
    const isStuck = this.#first !== undefined && this.tasks.size === 0 && !this.window.isOpen;
    if (!isStuck) this.#stuckSinceMs = nowMs;
    else if (nowMs - this.#stuckSinceMs > this.node.limits.commandTimeoutMs) {
      this.fail("the target keeps its command window closed");
    }
  }

  /** RFC 7143 11.18: a target that is silent is asked, and then given up. */
  #probe(connection: Connection, nowMs: number, hasSlept: boolean): void {
    const { probeTimeMs } = this.node.limits;
    if (hasSlept) connection.heardMs = nowMs - probeTimeMs / 2;
    const silentMs = nowMs - connection.heardMs;
    if (silentMs >= probeTimeMs) {
      this.fail(`the target has not been heard for ${Math.round(silentMs)} ms`);
    } else if (silentMs >= probeTimeMs / 2) connection.flow?.ping();
  }

  /** Resolves when nothing is under way, or after so long. */
  async idle(ms: number): Promise<void> {
    const untilMs = this.node.clock.nowMs() + ms;
    while (this.tasks.size > 0 && !this.isOver && this.node.clock.nowMs() < untilMs) {
      await pause(this.node.clock, Math.min(IDLE_CHECK_MS, ms));
    }
  }

  /** Ends it in order: what runs is waited for by whoever asked for it, not here. */
  async logout(): Promise<void> {
    const flow = this.#connections[0]?.connection.flow;
    if (flow === undefined || this.isOver) return;
    this.#isLeaving = true;
    const { clock, limits } = this.node;
    const answered = flow.logout(LogoutReason.CLOSE_SESSION).then((response) => {
      this.#isLoggedOut = response === LogoutOutcome.CLOSED;
    });
    await within(clock, limits.logoutTimeoutMs, [answered]);
    this.#finish(this.#isLoggedOut ? LOGGED_OUT : LEFT);
    await this.ended;
  }

  /** The session is lost. RFC 7143 13.15: for how long it is not begun anew. */
  fail(reason: string, time2WaitSeconds = this.parameters.defaultTime2Wait): void {
    this.#finish({ reason, isOrderly: false, time2WaitMs: time2WaitSeconds * 1000 });
  }

  /** One connection is gone, and the session with it, unless it was logged out of. */
  connectionClosed(connection: Connection, reason: Error): void {
    if (!this.#connections.some((each) => each.connection === connection)) return;
    if (this.#isLeaving) this.#finish(this.#isLoggedOut ? LOGGED_OUT : LEFT);
    else this.fail(reason.message);
  }

  #finish(end: SessionEnd): void {
    if (this.#end !== undefined) return;
    this.#end = end;
    this.#stopTicking?.();
    for (const { connection } of this.#connections) connection.close(end.reason);
    this.#handBack(end);
  }

  /** Buffers are let go of when no connection can touch them any more. */
  async #handBack(end: SessionEnd): Promise<void> {
    await Promise.all(this.#connections.map(({ ended }) => ended));
    const reason = `${this.where}: the session is lost: ${end.reason}`;
    for (const task of [...this.tasks.values()]) {
      task.result ??= new CommandFailure("session-lost", reason);
      this.settle(task);
    }
    for (let task = this.#first; task !== undefined; task = this.#first) {
      this.#first = task.next;
      task.result = new CommandFailure("not-sent", reason);
      this.settle(task);
    }
    this.#last = undefined;
    this.#waitingCount = 0;
    this.#ended.resolve(end);
  }
}
