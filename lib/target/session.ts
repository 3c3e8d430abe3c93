/**
 * A session: one initiator port and one target, over one or more connections. RFC 7143 4.4.2. It
 * owns what the connections share: the command window, the tasks, the tags.
 */
import type { SessionParameters } from "../iscsi/parameters.ts";
import type { LogicalUnit } from "../scsi/logical_unit.ts";
import { Tags } from "../iscsi/tags.ts";
import type { Nexus } from "../scsi/nexus.ts";
import type { Task } from "../scsi/task.ts";
import type { Announcement } from "./announcement.ts";
import { CommandWindow, type HeldCommand } from "./command_window.ts";
import type { Connection } from "./connection.ts";
import type { Limits } from "./limits.ts";
import type { OctetCount } from "./octet_count.ts";
import { LunMap } from "./lun_map.ts";
import type { Target } from "./target.ts";
import { TargetTask } from "./target_task.ts";

export interface SessionOptions {
  /** Undefined: a discovery session. RFC 7143 13.21. */
  readonly target: Target | undefined;
  readonly initiatorName: string;
  readonly initiatorAlias: string;
  /** Six octets. RFC 7143 11.12.5. */
  readonly isid: Uint8Array;
  readonly tsih: number;
  readonly targetPortalGroupTag: number;
  readonly parameters: SessionParameters;
  /** The CmdSN of the first command: that of the leading login. */
  readonly firstCmdSN: number;
  readonly limits: Limits;
  /** Of all sessions of the node. */
  readonly collected: OctetCount;
  /** When it began, by the calendar. */
  readonly since: Date;
  /** It is over: whoever keeps it lets go. */
  readonly onEnded: (session: Session, reason: string) => void;
}

/** What a session has done so far. */
export interface SessionCounters {
  commands: number;
  octetsRead: number;
  octetsWritten: number;
}

const NO_LUNS = new LunMap();

/** Parameter lists, and what clusters compare and write: these must not wait for anybody. */
const SHORT_COLLECT = 1 << 20;

export class Session {
  readonly target: Target | undefined;
  readonly initiatorName: string;
  readonly initiatorAlias: string;
  readonly isid: Uint8Array;
  readonly tsih: number;
  readonly targetPortalGroupTag: number;
  readonly parameters: SessionParameters;
  readonly limits: Limits;
  readonly since: Date;
  readonly nexus: Nexus;
  readonly window: CommandWindow;
  readonly connections = new Map<number, Connection>();
  /** Tasks that have not been answered, by initiator task tag. */
  readonly tasks = new Map<number, TargetTask>();
  readonly counters: SessionCounters = { commands: 0, octetsRead: 0, octetsWritten: 0 };
  /** Octets that COLLECT steps hold now. */
  collectedOctets = 0;
  readonly #pool: TargetTask[] = [];
  readonly #collected: OctetCount;
  readonly #onEnded: (session: Session, reason: string) => void;
  #immediateTasks = 0;
  readonly #targetTransferTags = new Tags();
  /** Connections that are gone: their numbers, and when the last of their tasks has ended. */
  readonly #leaving = new Map<number, Promise<void>>();
  #ended: Promise<void> | undefined;
  #whenIdle: (() => void) | undefined;
  readonly #over = Promise.withResolvers<void>();

  constructor(options: SessionOptions) {
    this.target = options.target;
    this.initiatorName = options.initiatorName;
    this.initiatorAlias = options.initiatorAlias;
    this.isid = options.isid;
    this.tsih = options.tsih;
    this.targetPortalGroupTag = options.targetPortalGroupTag;
    this.parameters = options.parameters;
    this.limits = options.limits;
    this.since = options.since;
    this.#collected = options.collected;
    this.#onEnded = options.onEnded;
    this.window = new CommandWindow(options.firstCmdSN, options.limits.commandsOfSession);
    this.nexus = nexusOf(options);
    this.target?.sessions.add(this);
    for (const [, { unit }] of this.luns.entries()) unit.attach(this.nexus);
  }

  /** What the initiator reaches; nothing, in a discovery session. */
  get luns(): LunMap {
    return this.target?.luns ?? NO_LUNS;
  }

  get isDiscovery(): boolean {
    return this.target === undefined;
  }

  get isEnding(): boolean {
    return this.#ended !== undefined;
  }

  /** Resolves when the session has ended, for whatever reason, and nothing of it runs any more. */
  get over(): Promise<void> {
    return this.#over.promise;
  }

  /** A tag for an R2T or a NOP-In that names nothing else just now. RFC 7143 11.8.5. */
  takeTargetTransferTag(): number {
    return this.#targetTransferTags.take();
  }

  /** A task as good as new. */
  takeTask(): TargetTask {
    const task = this.#pool.pop() ?? this.#makeTask();
    task.nexus = this.nexus;
    return task;
  }

  #makeTask(): TargetTask {
    const task = new TargetTask();
    task.onAbort = abandon;
    return task;
  }

  /**
   * True if one more immediate command may be taken. RFC 7143 4.2.2.1 lets us reject the surplus.
   */
  get hasRoomForImmediate(): boolean {
    return this.#immediateTasks < this.limits.immediateCommandsOfSession;
  }

  /**
   * A buffer for what the task collects; false where that is more than the limits allow. A lone one
   * of the session is let through, and a short one whatever other sessions hold.
   */
  collect(task: TargetTask, length: number): boolean {
    const { collectedOctetsOfSession, collectedOctets } = this.limits;
    const isLone = this.collectedOctets === 0;
    if (!isLone && this.collectedOctets + length > collectedOctetsOfSession) return false;
    const isLong = length > SHORT_COLLECT;
    if (isLong && this.#collected.octets + length > collectedOctets) return false;
    task.data = new Uint8Array(length);
    this.#count(task, length);
    return true;
  }

  #count(task: TargetTask, length: number): void {
    const more = length - task.collected;
    task.collected = length;
    this.collectedOctets += more;
    this.#collected.octets += more;
  }

  /** The task has come. */
  enter(task: TargetTask): void {
    this.tasks.set(task.initiatorTaskTag, task);
    this.counters.commands++;
    task.outstanding = true;
    if (task.immediate) this.#immediateTasks++;
    else this.window.outstanding++;
  }

  /** Its status is about to be sent: the window opens with that very PDU. */
  answering(task: TargetTask): void {
    if (!task.outstanding) return;
    task.outstanding = false;
    if (task.immediate) this.#immediateTasks--;
    else this.window.outstanding--;
  }

  /** The task is over; it goes back to the pool, and keeps no data. */
  release(task: TargetTask): void {
    if (!this.tasks.delete(task.initiatorTaskTag)) return;
    this.answering(task);
    this.#count(task, 0);
    if (task.inTaskSet) {
      task.inTaskSet = false;
      task.unit!.tasks.leave(task);
    }
    task.reset();
    if (this.#pool.length < this.limits.commandsOfSession) this.#pool.push(task);
    if (this.tasks.size === 0) this.#whenIdle?.();
  }

  /**
   * Aborts the tasks that `which` selects; resolves when nothing of them runs any more, nor of
   * those among them that were aborted before.
   */
  async abort(which: (task: TargetTask) => boolean): Promise<void> {
    const chosen = new Set<Task>();
    const units = new Set<LogicalUnit>();
    for (const task of [...this.tasks.values()]) {
      if (!which(task)) continue;
      if (task.inTaskSet) {
        chosen.add(task);
        units.add(task.unit!);
      } else {
        task.aborted = true;
        abandon(task);
      }
    }
    await Promise.all([...units].map(({ tasks }) => tasks.abort((each) => chosen.has(each))));
  }

  /**
   * Delivers the commands that came ahead of their turn and whose turn it is, as far as their
   * connections have room for the answers.
   */
  deliverHeld(): void {
    for (let held = this.window.next; held !== undefined; held = this.window.next) {
      if (!held.connection.hasRoomFor(held.frame)) return;
      this.window.takeNext();
      held.connection.deliver(held);
    }
  }

  /** Drops held commands that `which` selects, and the data that is still to come of them. */
  dropHeld(which: (command: HeldCommand) => boolean): number {
    const dropped = this.window.drop(which);
    for (const { connection, frame } of dropped) connection.commands?.expectDataOfDropped(frame);
    return dropped.length;
  }

  /** Tells the initiator, on whichever connection can. */
  announce(announcement: Announcement): void {
    for (const connection of this.connections.values()) {
      if (connection.announce(announcement)) return;
    }
  }

  /** True while a connection has this number, or tasks of one that had it have not ended. */
  uses(cid: number): boolean {
    return this.connections.has(cid) || this.#leaving.has(cid);
  }

  /** The connection is gone, and the tasks that were allegiant to it. */
  connectionClosed(connection: Connection, reason: string): void {
    if (this.connections.get(connection.cid) !== connection) return;
    this.#letGo(connection);
    if (this.connections.size === 0) this.terminate(reason);
  }

  /**
   * Ends one connection, which is being reinstated; resolves when no task of it runs. RFC 7143
   * 6.3.4.
   */
  async dropConnection(cid: number, reason: string): Promise<void> {
    const connection = this.connections.get(cid);
    if (connection !== undefined) {
      this.#letGo(connection);
      connection.close(reason);
    }
    await this.#leaving.get(cid);
  }

  #letGo(connection: Connection): void {
    const { cid } = connection;
    this.connections.delete(cid);
    this.dropHeld((held) => held.connection === connection);
    const ended = this.abort((task) => task.commands === connection.commands)
      .then(() => void this.#leaving.delete(cid));
    this.#leaving.set(cid, ended);
    this.deliverHeld();
  }

  /** Tells the initiator, where it listens, and then ends all; resolves as `terminate` does. */
  drop(reason: string): Promise<void> {
    for (const connection of [...this.connections.values()]) connection.drop(reason);
    return this.terminate(reason);
  }

  /** Ends all tasks and connections; resolves when nothing of the session runs any more. */
  terminate(reason: string): Promise<void> {
    return this.#ended ??= this.#end(reason);
  }

  async #end(reason: string): Promise<void> {
    await Promise.resolve(); // `isEnding` is true before anything is closed
    this.window.drop(() => true);
    this.abort(() => true);
    for (const connection of [...this.connections.values()]) connection.close(reason);
    this.connections.clear();
    if (this.tasks.size > 0) await new Promise<void>((idle) => this.#whenIdle = idle);
    for (const [, { unit }] of this.luns.entries()) unit.lose(this.nexus);
    this.target?.sessions.delete(this);
    this.#pool.length = 0;
    this.#onEnded(this, reason);
    this.#over.resolve();
  }
}

function abandon(task: Task): void {
  const ours = task as TargetTask;
  ours.commands.abandon(ours);
}

function nexusOf(options: SessionOptions): Nexus {
  const { initiatorName, target, targetPortalGroupTag } = options;
  const tag = targetPortalGroupTag.toString(16).padStart(4, "0");
  return {
    initiatorName,
    initiatorPort: `${initiatorName},i,0x${options.isid.toHex()}`,
    targetPort: `${target?.name ?? ""},t,0x${tag}`,
    relativeTargetPort: targetPortalGroupTag,
  };
}
