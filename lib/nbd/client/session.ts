/**
 * An export that is kept in reach: requests go over whatever connections there are now, and again
 * when these were lost; writes that were not flushed are told again to a server that may have
 * forgotten them. See the README for what this promises, and what no client can.
 */
import { DeviceError } from "../../block/device.ts";
import type { Clock } from "../../runtime/clock.ts";
import type { Logger } from "../../runtime/logger.ts";
import type { Random } from "../../runtime/random.ts";
import { serverOf } from "../address.ts";
import { TransmissionFlag } from "../messages/export_info.ts";
import { RequestType } from "../messages/request.ts";
import { changeOf } from "./change.ts";
import type { Limits } from "./limits.ts";
import { Link, type LinkOptions } from "./link.ts";
import { Operation } from "./operation.ts";
import { offers, type Terms } from "./terms.ts";
import { WriteLog } from "./write_log.ts";

export interface SessionOptions extends Omit<LinkOptions, "over" | "ready"> {
  readonly random: Random;
  readonly logger: Logger;
}

/** How long between two tries to connect, with as much again by chance. */
const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 4000;
const TICK_MS = 1000;

/** `up`: requests are sent; `down`: they wait for a connection; `closed`: there are none. */
type State = "up" | "down" | "closed";

export class Session {
  readonly #options: SessionOptions;
  readonly #limits: Limits;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #log: WriteLog;
  #state: State = "down";
  #link: Link | undefined;
  #terms: Terms | undefined;
  /** What has not been sent, in the order in which it was asked for. */
  #queue: Operation[] = [];
  /** Writes that were sent and have not been answered. */
  readonly #writing = new Set<Operation>();
  /** A flush of our own, to shorten the log. */
  #flushing: Operation | undefined;
  /** Why nothing may be written any more. */
  #fence: DeviceError | undefined;
  /** Why the server cannot be reached, for people. */
  #trouble: string | undefined;
  /** The server has been gone for longer than anybody waits. */
  #isGivenUp = false;
  #callOffPatience = () => {};
  #callOffTick = () => {};
  #isProbing = false;

  constructor(options: SessionOptions) {
    this.#options = options;
    this.#limits = options.limits;
    this.#clock = options.clock;
    this.#logger = options.logger;
    this.#log = new WriteLog(options.limits.unflushedOctets);
  }

  /** Connects for the first time; fails where that fails. */
  async start(): Promise<void> {
    const link = await this.#open();
    this.#terms = link.terms;
    if (!offers(link.terms, TransmissionFlag.SEND_FLUSH)) {
      this.#logger.warn("an NBD server offers no flush: what it has acknowledged counts as kept", {
        server: serverOf(this.#options.address),
      });
    }
    this.#rise(link);
  }

  /** What was agreed on first. */
  get terms(): Terms {
    return this.#terms!;
  }

  /** Why the server cannot be reached just now; undefined: it can. */
  get trouble(): string | undefined {
    return this.#trouble;
  }

  /** How many connections there are. */
  get width(): number {
    return this.#link?.width ?? 0;
  }

  /** Octets of writes that are kept until they are flushed. */
  get unflushedOctets(): number {
    return this.#log.octets;
  }

  /** Has it done as soon as that can be; it then succeeds or fails. */
  submit(operation: Operation): void {
    const changes = operation.writes || operation.type === RequestType.FLUSH;
    if (changes && this.#fence !== undefined) return operation.fail(this.#fence);
    if (this.#state === "closed" || this.#isGivenUp) return operation.fail(this.#gone());
    this.#queue.push(operation);
    this.#dispatch();
  }

  /** What is written must be flushed to be kept. */
  get #isCached(): boolean {
    return offers(this.#terms!, TransmissionFlag.SEND_FLUSH);
  }

  #dispatch(): void {
    const link = this.#link;
    if (this.#state !== "up" || link === undefined) return;
    if (this.#log.isHalfFull && this.#flushing === undefined) this.#flushOurselves(link);
    for (let next = this.#queue[0]; next !== undefined; next = this.#queue[0]) {
      if (next.writes && !this.#mayWrite(next)) return;
      next.mark = this.#log.mark;
      if (!link.send(next)) return;
      this.#queue.shift();
      if (next.writes) this.#writing.add(next);
    }
  }

  /** Writes that overlap keep their order, and what may have to be told again has its place. */
  #mayWrite(operation: Operation): boolean {
    for (const each of this.#writing) if (each.overlaps(operation)) return false;
    return !this.#isCached || this.#log.hasRoomFor(operation, this.#writing);
  }

  #flushOurselves(link: Link): void {
    const flush = new Operation({ type: RequestType.FLUSH, transient: true });
    flush.mark = this.#log.mark;
    if (link.send(flush)) this.#flushing = flush;
  }

  #over(operation: Operation): void {
    // A server that stops has not done it: the next one will.
    if (operation.error?.kind === "gone") {
      if (!operation.transient) this.#queue.unshift(operation);
      return;
    }
    this.#writing.delete(operation);
    if (operation === this.#flushing) this.#flushing = undefined;
    const { error, type } = operation;
    if (error === undefined) this.#succeeded(operation);
    else if (type === RequestType.FLUSH) operation.fail(this.#fenceOff(error));
    else operation.fail(error);
    this.#dispatch();
  }

  #succeeded(operation: Operation): void {
    if (operation.writes && this.#isCached && !operation.transient) this.#log.add(operation);
    if (operation.type === RequestType.FLUSH) this.#log.drop(operation.mark);
    operation.succeed();
  }

  /** What should have come to the medium may be lost: nothing is built upon it any more. */
  #fenceOff(cause: Error): DeviceError {
    const server = serverOf(this.#options.address);
    this.#fence ??= new DeviceError(
      "fenced",
      `the NBD server at ${server} is written to no more since a flush failed (${cause.message}); ` +
        "check it and open the disk again",
      { cause },
    );
    const fence = this.#fence;
    const isBarred = (each: Operation) => each.writes || each.type === RequestType.FLUSH;
    for (const each of this.#queue.filter(isBarred)) each.fail(fence);
    this.#queue = this.#queue.filter((each) => !isBarred(each));
    return fence;
  }

  #open(limits = this.#limits): Promise<Link> {
    return Link.open({
      ...this.#options,
      limits,
      over: (operation) => this.#over(operation),
      ready: () => this.#dispatch(),
    });
  }

  /** The connections are there, and the server knows everything. */
  #rise(link: Link): void {
    this.#state = "up";
    this.#link = link;
    this.#trouble = undefined;
    this.#isGivenUp = false;
    this.#callOffPatience();
    link.lost.then((reason) => this.#fall(link, reason));
    this.#tick();
    this.#dispatch();
  }

  #fall(link: Link, reason: Error): void {
    if (this.#state === "closed" || this.#link !== link) return;
    const server = serverOf(this.#options.address);
    this.#logger.warn("lost the connection to an NBD server", { server, reason: reason.message });
    this.#state = "down";
    this.#link = undefined;
    this.#trouble = `lost the connection to the NBD server at ${server}: ${reason.message}`;
    this.#queue.unshift(...link.unanswered.filter(({ transient }) => !transient));
    this.#writing.clear();
    this.#flushing = undefined;
    this.#callOffTick();
    this.#callOffPatience = this.#clock.after(this.#limits.patienceMs, () => this.#giveUp());
    void this.#reconnect(link);
  }

  async #reconnect(old: Link): Promise<void> {
    // What was being received must not land in a buffer that is another's by then.
    await old.drop("it is replaced");
    for (let pauseMs = 0; this.#state === "down"; pauseMs = longer(pauseMs)) {
      if (pauseMs > 0) await this.#pause(pauseMs);
      try {
        if (this.#state === "down" && await this.#tryOnce()) return;
      } catch (error) {
        if (!(error instanceof Error)) throw error;
        this.#trouble = error.message;
      }
    }
  }

  #pause(ms: number): Promise<void> {
    const byChance = ms * this.#options.random.u32() / 2 ** 32;
    return new Promise((then) => void this.#clock.after(ms + byChance, then));
  }

  /** False: the connection that came about has been lost again. */
  async #tryOnce(): Promise<boolean> {
    const link = await this.#open();
    const change = changeOf(this.terms, link.terms);
    if (change !== undefined || this.#state !== "down") {
      await link.leave();
      throw new Error(`the export is not what it was: ${change}`);
    }
    const lost = link.lost.then(() => "lost" as const);
    for (const group of this.#log.replay(this.#limits.requestsOfConnection)) {
      if (await Promise.race([this.#tellAgain(group, link), lost]) === "lost") {
        await link.drop("it is replaced");
        return false;
      }
    }
    this.#logger.info("connected to an NBD server again", {
      server: serverOf(this.#options.address),
    });
    this.#rise(link);
    return true;
  }

  async #tellAgain(group: readonly Operation[], link: Link): Promise<void> {
    for (const operation of group) link.send(operation);
    try {
      await Promise.all(group.map(({ done }) => done));
    } catch (error) {
      if (!(error instanceof Error)) throw error;
      this.#fenceOff(error);
    }
  }

  /** Nobody waits any longer; the server is welcome all the same when it comes back. */
  #giveUp(): void {
    if (this.#state !== "down") return;
    this.#isGivenUp = true;
    const gone = this.#gone();
    for (const operation of this.#queue.splice(0)) operation.fail(gone);
  }

  #gone(): DeviceError {
    const server = serverOf(this.#options.address);
    const reason = this.#trouble ?? `the connection to the NBD server at ${server} is closed`;
    return new DeviceError("gone", reason);
  }

  #tick(): void {
    this.#callOffTick = this.#clock.after(TICK_MS, () => {
      const link = this.#link;
      if (link === undefined) return;
      if (!this.#isProbing && link.silentFor(this.#limits.silenceMs).length > 0) this.#probe(link);
      this.#tick();
    });
  }

  /**
   * A server that owes answers has been silent. What it does may take its time; that it is not
   * there at all shows when it takes no other connection. Asking on the silent ones too makes the
   * system notice a host that was started anew.
   */
  async #probe(link: Link): Promise<void> {
    this.#isProbing = true;
    for (const connection of link.silentFor(this.#limits.silenceMs)) {
      connection.heardMs = this.#clock.nowMs();
      connection.ping();
    }
    try {
      const other = await this.#open({ ...this.#limits, connections: 1 });
      await other.leave();
    } catch (error) {
      if (!(error instanceof Error)) throw error;
      await link.drop(`it answers no more, and ${error.message}`);
    } finally {
      this.#isProbing = false;
    }
  }

  /** Flushes, where the server is there, and takes leave of it. */
  async close(): Promise<void> {
    try {
      if (this.#state === "up") await this.#flushAtLast();
      else if (this.#log.octets > 0) throw this.#gone();
    } finally {
      this.#state = "closed";
      this.#callOffPatience();
      this.#callOffTick();
      for (const operation of this.#queue.splice(0)) operation.fail(this.#gone());
      await this.#link?.leave();
    }
  }

  async #flushAtLast(): Promise<void> {
    if (!this.#isCached || !isWritable(this.terms)) return;
    const flush = new Operation({ type: RequestType.FLUSH });
    this.submit(flush);
    await flush.done;
  }
}

function longer(pauseMs: number): number {
  return pauseMs === 0 ? FIRST_PAUSE_MS : Math.min(pauseMs * 2, LONGEST_PAUSE_MS);
}

function isWritable(terms: Terms): boolean {
  return !offers(terms, TransmissionFlag.READ_ONLY);
}
