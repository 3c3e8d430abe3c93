/**
 * One connection to a server as a protocol engine: requests leave through `outbox`, replies come in
 * through `inbox`, and a pump moves both. What ends it is thrown inside, and told to whoever opened
 * it.
 */
import type { Engine } from "../../net/engine.ts";
import type { BufferPool } from "../../wire/buffer_pool.ts";
import { Inbox } from "../../wire/inbox.ts";
import { Outbox } from "../../wire/outbox.ts";
import { RequestType } from "../messages/request.ts";
import { ClientHandshake } from "./handshake.ts";
import type { Limits } from "./limits.ts";
import { Operation } from "./operation.ts";
import { Refusal } from "./refusal.ts";
import { Replies } from "./replies.ts";
import { RequestWriter } from "./request_writer.ts";
import { Requests } from "./requests.ts";
import type { Terms } from "./terms.ts";

const SMALL_INBOX_LENGTH = 8192;
/** Every block is as long, at least; what an answer says does not matter. */
const PING_LENGTH = 512;

export interface ConnectionOptions {
  readonly exportName: string;
  readonly limits: Limits;
  readonly receiveBuffers: BufferPool;
  readonly sendBuffers: BufferPool;
  readonly nowMs: () => number;
  /** It is over, well or not as its `error` says. */
  readonly over: (operation: Operation) => void;
  /** One more request may be sent. */
  readonly ready: () => void;
  /** It has ended, for this reason; what was under way is not answered any more. */
  readonly ended: (reason: Error) => void;
  /** Something has been laid out, or the state has changed: the pump looks again. */
  readonly wake: () => void;
}

export class Connection implements Engine {
  readonly inbox: Inbox;
  readonly outbox: Outbox;
  /** Never: what comes is dealt with whatever leaves. */
  readonly isBlocked = false;
  readonly #options: ConnectionOptions;
  readonly #requests: Requests;
  readonly #writer: RequestWriter;
  readonly #terms = Promise.withResolvers<Terms>();
  #handshake: ClientHandshake | undefined;
  #replies: Replies | undefined;
  #state: "open" | "ending" | "closed" = "open";
  #isStopping = false;
  #wakeScheduled = false;
  #ping: Operation | undefined;
  /** When the server was heard last, or had nothing to say. */
  heardMs: number;

  constructor(options: ConnectionOptions) {
    this.#options = options;
    const { exportName, limits } = options;
    this.inbox = new Inbox(SMALL_INBOX_LENGTH, options.receiveBuffers);
    this.inbox.borrows = false; // until the server has shown that it is one
    this.outbox = new Outbox(options.sendBuffers);
    this.#requests = new Requests(limits.requestsOfConnection);
    this.#writer = new RequestWriter(this.outbox);
    this.#handshake = new ClientHandshake(this.inbox, this.outbox, exportName, limits);
    this.heardMs = options.nowMs();
    this.#terms.promise.catch(() => undefined);
  }

  get isClosed(): boolean {
    return this.#state === "closed";
  }

  get isEnding(): boolean {
    return this.#state === "ending";
  }

  /** Resolves when the handshake is over. */
  get terms(): Promise<Terms> {
    return this.#terms.promise;
  }

  /** Requests that wait for their replies. */
  get count(): number {
    return this.#requests.count;
  }

  /** One more request may be sent. */
  get isReady(): boolean {
    return this.#state === "open" && !this.#isStopping && this.#replies !== undefined &&
      !this.#requests.isFull;
  }

  receive(): boolean {
    this.heardMs = this.#options.nowMs();
    try {
      while (this.#state === "open" && this.#receiveOne()) { /* next */ }
      if (this.#state !== "open") this.inbox.take(this.inbox.available);
    } catch (error) {
      this.fail(error);
    }
    return true;
  }

  #receiveOne(): boolean {
    if (this.#replies !== undefined) return this.#replies.receive();
    const handshake = this.#handshake!;
    if (!handshake.receive()) return false;
    if (handshake.terms !== undefined) this.#begin(handshake.terms);
    return true;
  }

  #begin(terms: Terms): void {
    this.#handshake = undefined;
    this.inbox.borrows = true;
    this.#replies = new Replies({
      inbox: this.inbox,
      terms,
      requests: this.#requests,
      over: (operation) => this.#over(operation),
      stopping: () => this.#isStopping = true,
    });
    this.#terms.resolve(terms);
  }

  #over(operation: Operation): void {
    if (operation === this.#ping) this.#ping = undefined;
    this.#options.over(operation);
    // "Terminating the transmission phase": a server that stops is left.
    if (this.#isStopping && this.#requests.count === 0) this.fail(new Error("the server stops"));
    else this.#options.ready();
  }

  /** Sends a request; it must be ready for one. */
  send(operation: Operation): void {
    if (this.#requests.count === 0) this.heardMs = this.#options.nowMs();
    operation.restart();
    this.#writer.add(operation, this.#requests.add(operation));
    this.#wake();
  }

  /**
   * Asks for something that does no harm, so that it shows whether anybody is still there; once at
   * a time.
   */
  ping(): void {
    if (this.#state !== "open" || this.#ping !== undefined) return;
    const buffer = new Uint8Array(PING_LENGTH);
    const length = PING_LENGTH;
    this.#ping = new Operation({ type: RequestType.READ, length, buffer, transient: true });
    this.send(this.#ping);
  }

  /** Says that nothing more will be asked, and ends once that has left. */
  leave(): void {
    if (this.#state !== "open") return;
    if (this.#replies !== undefined) {
      this.#writer.add(new Operation({ type: RequestType.DISC }), { high: 0, low: 0 });
      this.#produce();
    }
    if (this.#state !== "open") return;
    this.#state = "ending";
    this.#options.wake();
  }

  drained(): void {
    this.outbox.drained();
    this.#produce();
  }

  #produce(): void {
    if (this.#state !== "open") return;
    try {
      this.#writer.produce();
    } catch (error) {
      this.fail(error);
    }
  }

  /** Several requests leave at once. */
  #wake(): void {
    if (this.#wakeScheduled) return;
    this.#wakeScheduled = true;
    queueMicrotask(() => {
      this.#wakeScheduled = false;
      this.#produce();
      this.#options.wake();
    });
  }

  close(reason: string): void {
    this.fail(new Error(reason));
  }

  /** The server broke the protocol, or went away, or we are at fault. */
  fail(error: unknown): void {
    if (this.#state === "closed") return;
    if (error instanceof Refusal && this.#state === "open") {
      this.#handshake!.abort();
      this.#state = "ending";
    } else this.#state = "closed";
    const reason = error instanceof Error ? error : new Error(String(error));
    this.#terms.reject(reason);
    this.#options.ended(reason);
    this.#options.wake();
  }

  release(): void {
    this.inbox.close();
    this.outbox.close();
  }
}
