/**
 * The transmission phase: requests come, are judged, and go to what deals with them; replies leave
 * as there is room, in whatever order they are due. doc/proto.md, "Transmission".
 */
import { DeviceError } from "../../block/device.ts";
import { InFlight } from "../../block/in_flight.ts";
import type { Inbox } from "../../wire/inbox.ts";
import type { Outbox } from "../../wire/outbox.ts";
import { Request, REQUEST_MAGIC, RequestType } from "../messages/request.ts";
import { ERROR_OF_KIND, NbdError } from "../nbd_error.ts";
import { ProtocolFault } from "../protocol_fault.ts";
import { faultOf, type Terms } from "./command_rules.ts";
import type { Choice } from "./handshake.ts";
import type { Host } from "./host.ts";
import type { Limits } from "./limits.ts";
import { longWork } from "./long_work.ts";
import type { OctetBudget } from "./octet_budget.ts";
import { PendingRequest } from "./pending_request.ts";
import { Reads } from "./reads.ts";
import { REPLY_ROOM, ReplyWriter } from "./reply_writer.ts";
import { Writes } from "./writes.ts";

export interface TransmissionOptions {
  readonly choice: Choice;
  readonly inbox: Inbox;
  readonly outbox: Outbox;
  readonly limits: Limits;
  readonly budget: OctetBudget;
  /** Something may be laid out, or received, that could not be before. */
  readonly wake: () => void;
  /** Something went wrong that no peer and no device did. */
  readonly crashed: (error: unknown) => void;
}

// Of all connections: one of its own would keep the large buffer that it was last laid upon.
const header = new Request();

export class Transmission implements Host {
  readonly #options: TransmissionOptions;
  readonly #terms: Terms;
  readonly #writer: ReplyWriter;
  readonly #reads: Reads;
  readonly #writes: Writes;
  /** Requests that are over, in the order in which they ended; the next reply is for `#head`. */
  readonly #over: PendingRequest[] = [];
  #head = 0;
  readonly #spare: PendingRequest[] = [];
  #count = 0;
  #isLeaving = false;
  readonly inFlight = new InFlight();
  aborted = false;

  constructor(options: TransmissionOptions) {
    const { choice, outbox, limits, budget } = options;
    const { structuredReplies, tellsAllocation } = choice;
    const { device, thin } = choice.export;
    this.#options = options;
    this.#terms = {
      export: choice.export,
      payloadLength: limits.payloadLength,
      structuredReplies,
      tellsAllocation,
    };
    const writer = new ReplyWriter(outbox, structuredReplies);
    const mostHeld = limits.heldOctetsOfConnection;
    this.#writer = writer;
    this.#reads = new Reads({ device, thin, writer, mostHeld, budget, host: this });
    this.#writes = new Writes(choice.export, this);
  }

  /** Requests that have not been answered. */
  get count(): number {
    return this.#count;
  }

  /** The client has said that it goes: it will send nothing more. */
  get isLeaving(): boolean {
    return this.#isLeaving;
  }

  /** Nothing more is received until answers have left, or the medium has caught up. */
  get isBlocked(): boolean {
    const { limits } = this.#options;
    if (this.#writes.pendingOctets >= limits.pendingWriteOctetsOfConnection) return true;
    return !this.#writes.isReceiving && this.#count >= limits.requestsOfConnection;
  }

  /** True between two requests, and not amid the data of one. */
  get isBetweenRequests(): boolean {
    return !this.#writes.isReceiving;
  }

  /** Deals with the next request, or the next data of one; false: too little of it is there. */
  receive(): boolean {
    const { inbox } = this.#options;
    if (this.#writes.isReceiving) return this.#writes.receive(inbox);
    if (inbox.available < Request.length) return false;
    header.view = inbox.view;
    header.base = inbox.start;
    if (header.magic !== REQUEST_MAGIC) throw new ProtocolFault("a request without its magic");
    if (header.type === RequestType.DISC) this.#isLeaving = true;
    else this.#begin(this.#take());
    inbox.take(Request.length);
    return true;
  }

  #take(): PendingRequest {
    const request = this.#spare.pop() ?? new PendingRequest();
    request.reset();
    request.type = header.type;
    request.flags = header.flags;
    request.cookieHigh = header.cookieHigh;
    request.cookieLow = header.cookieLow;
    request.offset = header.offset;
    request.length = header.length;
    this.#count++;
    return request;
  }

  #begin(request: PendingRequest): void {
    request.error = faultOf(request, this.#terms);
    // Its data is coming, whatever is wrong with it.
    if (request.type === RequestType.WRITE) this.#writes.begin(request);
    else if (request.error !== NbdError.NONE) this.finished(request);
    else if (request.type === RequestType.READ) this.#reads.add(request);
    else this.#work(request);
  }

  async #work(request: PendingRequest): Promise<void> {
    const work = longWork(request.type);
    try {
      request.error = await this.inFlight.during(() => work(request, this.#terms.export, this));
      this.finished(request);
    } catch (error) {
      this.failed(request, error);
    }
    this.wake();
  }

  /** Lays out the replies for which there is room. */
  produce(): void {
    // A read that fails here is one more that is over.
    do {
      if (!this.#reads.resume() || !this.#produceEnds()) return;
      this.#reads.produce();
    } while (this.#over.length > 0);
  }

  /** False: there was no room for all. */
  #produceEnds(): boolean {
    for (; this.#head < this.#over.length; this.#head++) {
      if (!this.#end(this.#over[this.#head]!)) return false;
    }
    this.#over.length = this.#head = 0;
    return true;
  }

  /** False: there is no room. */
  #end(request: PendingRequest): boolean {
    const writer = this.#writer;
    const isStatus = request.type === RequestType.BLOCK_STATUS && request.error === NbdError.NONE;
    const length = isStatus ? writer.blockStatusLength(request) : REPLY_ROOM;
    if (length > writer.outbox.room) return false;
    if (isStatus) writer.blockStatus(request);
    else writer.end(request);
    this.answered(request);
    return true;
  }

  finished(request: PendingRequest): void {
    if (this.aborted) this.answered(request);
    else this.#over.push(request);
  }

  failed(request: PendingRequest, error: unknown): void {
    if (error instanceof DeviceError) {
      request.error = ERROR_OF_KIND[error.kind];
      this.finished(request);
    } else {
      this.#options.crashed(error);
    }
  }

  answered(request: PendingRequest): void {
    request.extents = undefined;
    this.#count--;
    this.#spare.push(request);
  }

  crashed(error: unknown): void {
    this.#options.crashed(error);
  }

  wake(): void {
    this.#options.wake();
  }

  /** The connection is gone. What the device is doing goes to its end, and nothing more begins. */
  abort(): void {
    this.aborted = true;
    this.#reads.abort();
  }
}
