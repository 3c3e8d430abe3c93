/**
 * One connection as a protocol engine: octets come in through `inbox`, answers leave through
 * `outbox`, and a pump moves both. What ends the connection is thrown inside and ends here, in one
 * log line.
 */
import type { Engine } from "../../net/engine.ts";
import { assert } from "../../runtime/assert.ts";
import type { Clock } from "../../runtime/clock.ts";
import type { Logger } from "../../runtime/logger.ts";
import type { BufferPool } from "../../wire/buffer_pool.ts";
import { Inbox } from "../../wire/inbox.ts";
import { Outbox } from "../../wire/outbox.ts";
import { ProtocolFault } from "../protocol_fault.ts";
import type { Export } from "./export.ts";
import type { Exports } from "./exports.ts";
import { Handshake } from "./handshake.ts";
import type { Limits } from "./limits.ts";
import type { OctetBudget } from "./octet_budget.ts";
import { Transmission } from "./transmission.ts";

/** Octets that an idle connection receives into: enough for a queue of requests without data. */
const SMALL_INBOX_LENGTH = 2048;

/**
 * `handshake`, then `transmission`; `leaving` while the requests that were received are answered,
 * `ending` while the answers leave, and `closed`.
 */
type State = "handshake" | "transmission" | "leaving" | "ending" | "closed";

/** From where a connection goes to where. */
const EDGES: Readonly<Record<State, readonly State[]>> = {
  "handshake": ["transmission", "ending", "closed"],
  "transmission": ["leaving", "closed"],
  "leaving": ["ending", "closed"],
  "ending": ["closed"],
  "closed": [],
};

export interface ConnectionOptions {
  /** For the log: who is at the other end. */
  readonly peer: string;
  readonly exports: Exports;
  readonly limits: Limits;
  readonly clock: Clock;
  readonly logger: Logger;
  /** For lines that anybody can cause. */
  readonly strangerLogger: Logger;
  readonly receiveBuffers: BufferPool;
  readonly sendBuffers: BufferPool;
  readonly budget: OctetBudget;
  /** One more connection may enter the transmission phase. */
  readonly hasPlace: () => boolean;
  /** Something has been laid out, or the state has changed: the pump looks again. */
  readonly wake: () => void;
}

export class Connection implements Engine {
  readonly inbox: Inbox;
  readonly outbox: Outbox;
  readonly #options: ConnectionOptions;
  readonly #handshake: Handshake;
  #transmission: Transmission | undefined;
  #export: Export | undefined;
  #state: State = "handshake";
  #stateMs: number;
  #receiving = false;
  #wakeScheduled = false;
  /** It is to go as soon as what it has sent is answered. */
  #isDismissed = false;

  constructor(options: ConnectionOptions) {
    this.#options = options;
    const { exports, limits, hasPlace } = options;
    this.inbox = new Inbox(SMALL_INBOX_LENGTH, options.receiveBuffers);
    this.inbox.borrows = false; // a stranger holds what it sends, and no more
    this.outbox = new Outbox(options.sendBuffers);
    this.#handshake = new Handshake(this.inbox, this.outbox, {
      exports,
      limits,
      get hasPlace(): boolean {
        return hasPlace();
      },
      structuredReplies: false,
      allocationOf: undefined,
      chosen: undefined,
      aborted: false,
    });
    this.#stateMs = options.clock.nowMs();
    this.#handshake.greet();
  }

  get isClosed(): boolean {
    return this.#state === "closed";
  }

  get isEnding(): boolean {
    return this.#state === "ending";
  }

  /** The export that the client has entered. */
  get export(): Export | undefined {
    return this.#export;
  }

  get isBlocked(): boolean {
    if (this.#state === "handshake") return this.#handshake.isBlocked;
    return this.#state === "transmission" && this.#transmission!.isBlocked;
  }

  get isIdle(): boolean {
    return this.#state === "transmission" && this.#transmission!.count === 0;
  }

  receive(): boolean {
    if (this.#receiving) return true; // woken in the middle of a batch
    this.#receiving = true;
    let isBlocked = false;
    try {
      while (this.#takes && !(isBlocked = this.isBlocked) && this.#receiveOne()) { /* next */ }
      // Nothing that comes after the end is looked at.
      if (!this.#takes) this.inbox.take(this.inbox.available);
      this.#produce();
    } catch (error) {
      this.fail(error);
    } finally {
      this.#receiving = false;
    }
    return !isBlocked;
  }

  get #takes(): boolean {
    return this.#state === "handshake" || this.#state === "transmission";
  }

  #receiveOne(): boolean {
    const transmission = this.#transmission;
    if (transmission === undefined) return this.#negotiate();
    if (this.#isDismissed && transmission.isBetweenRequests) this.#enter("leaving");
    else if (!transmission.receive()) return false;
    else if (transmission.isLeaving) this.#enter("leaving");
    return true;
  }

  #negotiate(): boolean {
    if (!this.#handshake.receive()) return false;
    this.#afterHandshake();
    return true;
  }

  #afterHandshake(): void {
    const { choice, isAborted } = this.#handshake;
    if (choice !== undefined) this.#enterTransmission();
    else if (isAborted) this.#enter("ending");
  }

  #enterTransmission(): void {
    const { limits, budget } = this.#options;
    const choice = this.#handshake.choice!;
    this.#export = choice.export;
    this.inbox.borrows = true;
    this.#transmission = new Transmission({
      choice,
      inbox: this.inbox,
      outbox: this.outbox,
      limits,
      budget,
      wake: () => this.#wake(),
      crashed: (error) => this.fail(error),
    });
    this.#enter("transmission");
    this.#log("debug", "a client has entered an export", choice.export.name);
  }

  #produce(): void {
    if (this.#state === "handshake") {
      this.#handshake.produce();
      this.#afterHandshake();
      return;
    }
    const transmission = this.#transmission;
    if (transmission === undefined || this.isClosed) return;
    transmission.produce();
    if (this.#state === "leaving" && transmission.count === 0) this.#enter("ending");
  }

  drained(): void {
    this.outbox.drained();
    this.#goOn();
  }

  /** There may be room again: for answers, and for what was received before. */
  #goOn(): void {
    if (this.inbox.available > 0 && !this.isBlocked) {
      this.receive();
      return;
    }
    try {
      this.#produce();
    } catch (error) {
      this.fail(error);
    }
  }

  /** Several reasons to look again are dealt with at once. */
  #wake(): void {
    if (this.#wakeScheduled || this.isClosed) return;
    this.#wakeScheduled = true;
    queueMicrotask(() => {
      this.#wakeScheduled = false;
      this.#goOn();
      this.#options.wake();
    });
  }

  /** What is due as time goes by; called about once a second. */
  tick(nowMs: number): void {
    const { limits } = this.#options;
    const ageMs = nowMs - this.#stateMs;
    if (this.#state === "handshake" && ageMs > limits.handshakeDeadlineMs) {
      this.close("the handshake took too long");
    } else if (this.#state === "ending" && ageMs > limits.closeDeadlineMs) {
      this.close("it did not close in time");
    }
  }

  /** Takes no more requests; closes once those that have come are answered. */
  dismiss(): void {
    this.#isDismissed = this.#handshake.isStopping = true;
    if (this.#state === "transmission" && this.#transmission!.isBetweenRequests) {
      this.#enter("leaving");
    }
    this.#wake();
  }

  /** Closes now. */
  close(reason: string): void {
    if (this.isClosed) return;
    // One that took its leave is nothing to talk about; nor is one that only looked.
    const isOrderly = this.isEnding || this.#transmission === undefined;
    this.#log(isOrderly ? "debug" : "info", "connection closed", reason);
    this.#closeNow();
  }

  #closeNow(): void {
    this.#enter("closed");
    this.#transmission?.abort();
    this.#options.wake();
  }

  release(): void {
    this.inbox.close();
    this.outbox.close();
  }

  /** Resolves when the device does nothing for the connection any more. */
  async idle(): Promise<void> {
    await this.#transmission?.inFlight.idle();
  }

  /** The peer broke the protocol, or we are at fault: one line says who did what. */
  fail(error: unknown): void {
    if (this.isClosed) return;
    const reason = error instanceof Error ? error.message : String(error);
    if (error instanceof ProtocolFault) this.#log("warn", "protocol error", reason);
    else {
      const stack = error instanceof Error ? error.stack : undefined;
      this.#options.logger.error("internal error", { reason, stack, peer: this.#options.peer });
    }
    this.#closeNow();
  }

  #log(level: "debug" | "info" | "warn", message: string, reason: string): void {
    const { logger, strangerLogger, peer } = this.#options;
    const sink = this.#transmission === undefined ? strangerLogger : logger;
    sink[level](message, { reason, peer, export: this.#export?.name });
  }

  #enter(state: State): void {
    if (state === this.#state) return;
    assert(EDGES[this.#state].includes(state), `a connection goes from ${this.#state} to ${state}`);
    this.#state = state;
    this.#stateMs = this.#options.clock.nowMs();
  }
}
