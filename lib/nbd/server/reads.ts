/**
 * Sends the data of reads: a queue of requests, drawn from as the outbox has room. What a device
 * can read at once is read straight into the outbox; what it cannot is read ahead into a buffer,
 * and joins the queue again when it is there. doc/proto.md, `NBD_CMD_READ`.
 */
import type { BlockDevice } from "../../block/device.ts";
import { HoleChunk, SimpleReply } from "../messages/reply.ts";
import { CommandFlag } from "../messages/request.ts";
import { NbdError } from "../nbd_error.ts";
import type { Host } from "./host.ts";
import type { OctetBudget } from "./octet_budget.ts";
import type { PendingRequest } from "./pending_request.ts";
import { REPLY_ROOM, type ReplyWriter } from "./reply_writer.ts";

/** Chunks end at such multiples, but for the last: whole blocks of every medium. */
const ALIGNMENT = 4096;
/** Less room than this is not worth a chunk, unless it holds all that is left. */
const LEAST_ROOM = 16 << 10;
/** Left free for other replies. */
const ANSWER_ROOM = 16 * REPLY_ROOM;
/** Octets of one slow read whose reply may have several chunks. */
const READ_AHEAD_LENGTH = 512 << 10;
/** Longer ones are refused if they must not be fragmented; shorter ones must not be refused. */
const MOST_UNFRAGMENTED = 64 << 10;
/** From this length on it pays to ask a thin device where there is nothing. */
const LEAST_WITH_HOLES = 128 << 10;
/** Extents that are asked for at once. */
const EXTENTS = 256;

export interface ReadsOptions {
  readonly device: BlockDevice;
  /** Extents tell where there is data. */
  readonly thin: boolean;
  readonly writer: ReplyWriter;
  /** Octets that may be held at once: by this connection, and by all. */
  readonly mostHeld: number;
  readonly budget: OctetBudget;
  readonly host: Host;
}

export class Reads {
  readonly #device: BlockDevice;
  readonly #thin: boolean;
  readonly #writer: ReplyWriter;
  readonly #mostHeld: number;
  readonly #budget: OctetBudget;
  readonly #host: Host;
  readonly #wake: () => void;
  /** Requests with data to send, the next one at `#head`. */
  readonly #queue: PendingRequest[] = [];
  #head = 0;
  /** Requests whose data is held: first, since it takes memory until it is sent. */
  readonly #ready: PendingRequest[] = [];
  /** Requests that wait until less is held; others pass them by. */
  readonly #waiting: PendingRequest[] = [];
  /** A simple reply of which part has been laid out: nothing may come between. */
  #halfSent: PendingRequest | undefined;
  #held = 0;

  constructor(options: ReadsOptions) {
    this.#device = options.device;
    this.#thin = options.thin;
    this.#writer = options.writer;
    this.#mostHeld = options.mostHeld;
    this.#budget = options.budget;
    this.#host = options.host;
    this.#wake = () => this.#host.wake();
  }

  /** Takes a request that is in order. */
  add(request: PendingRequest): void {
    if (request.length === 0) return this.#host.finished(request);
    if (request.has(CommandFlag.DF)) {
      if (request.length <= MOST_UNFRAGMENTED) this.#queue.push(request);
      else this.#fail(request, NbdError.EOVERFLOW);
    } else if (this.#writer.structured && this.#thin && request.length >= LEAST_WITH_HOLES) {
      this.#findHoles(request);
    } else {
      this.#queue.push(request);
    }
  }

  /** Goes on with a reply that is half laid out; false: it still is. */
  resume(): boolean {
    const request = this.#halfSent;
    if (request !== undefined) this.#sendHeld(request);
    return this.#halfSent === undefined;
  }

  /** Lays out what there is room for. */
  produce(): void {
    for (let request = this.#first; request !== undefined; request = this.#first) {
      if (!this.#layOut(request)) break;
    }
    if (this.#head === this.#queue.length) this.#queue.length = this.#head = 0;
    while (this.#waiting.length > 0 && this.#readAhead(this.#waiting[0]!)) this.#waiting.shift();
  }

  /** The connection is gone: nothing is sent any more. */
  abort(): void {
    this.#budget.forget(this.#wake);
    this.#budget.give(this.#ready.reduce((sum, { held }) => sum + held!.length, 0));
    if (this.#halfSent !== undefined) this.#budget.give(this.#halfSent.held!.length);
    this.#queue.length =
      this.#head =
      this.#ready.length =
      this.#waiting.length =
        0;
    this.#halfSent = undefined;
  }

  get #first(): PendingRequest | undefined {
    return this.#ready[0] ?? this.#queue[this.#head];
  }

  #leave(): void {
    if (this.#ready.length > 0) this.#ready.shift();
    else this.#head++;
  }

  /** False: there is no room for it. */
  #layOut(request: PendingRequest): boolean {
    if (this.#writer.structured) return this.#layOutChunk(request);
    const { outbox } = this.#writer;
    if (request.held !== undefined) {
      if (outbox.room <= SimpleReply.length) return false;
      this.#leave();
      this.#sendHeld(request);
      return this.#halfSent === undefined;
    }
    if (SimpleReply.length + request.length <= outbox.room) {
      this.#readNow(request, request.length);
    } else {
      // What fits in no outbox is sent once it is all there: a reply that has begun knows no error.
      if (outbox.length > 0) return false;
      this.#readLater(request);
    }
    return true;
  }

  #layOutChunk(request: PendingRequest): boolean {
    const { outbox, dataHeaderLength } = this.#writer;
    const room = outbox.room - ANSWER_ROOM;
    const run = this.#run(request);
    if (!run.mapped) {
      if (room < HoleChunk.length) return false;
      this.#writer.holeChunk(request, run.length);
      this.#sent(request, run.length);
      return true;
    }
    const held = request.held === undefined ? run.length : request.held.length - request.heldAt;
    const wanted = Math.min(run.length, held);
    const length = Math.min(wanted, room - dataHeaderLength);
    const least = request.has(CommandFlag.DF) ? wanted : Math.min(wanted, LEAST_ROOM);
    if (length < least) return false;
    const excess = length < wanted ? (request.offset + request.moved + length) % ALIGNMENT : 0;
    if (request.held === undefined) this.#readNow(request, length - excess);
    else this.#chunkOfHeld(request, length - excess);
    return true;
  }

  /** What comes next of the request: data, or a hole. */
  #run(request: PendingRequest): { readonly mapped: boolean; readonly length: number } {
    const at = request.offset + request.moved;
    const left = request.length - request.moved;
    const { extents } = request;
    let extent = extents?.[request.extentAt];
    while (extent !== undefined && extent.offset + extent.length <= at) {
      extent = extents![++request.extentAt];
    }
    // Behind the last extent that was told all may be data.
    if (extent === undefined) return { mapped: true, length: left };
    return { mapped: extent.mapped, length: Math.min(left, extent.offset + extent.length - at) };
  }

  /** Reads straight into the outbox, or later. */
  #readNow(request: PendingRequest, length: number): void {
    const { outbox, structured } = this.#writer;
    const base = outbox.length;
    const at = structured
      ? this.#writer.dataChunk(request, length)
      : this.#writer.simpleData(request, length);
    try {
      if (this.#device.readNow(request.offset + request.moved, outbox.octets, at, length)) {
        return this.#sent(request, length);
      }
    } catch (error) {
      outbox.rewind(base);
      this.#leave();
      return this.#host.failed(request, error);
    }
    outbox.rewind(base);
    this.#readLater(request);
  }

  #chunkOfHeld(request: PendingRequest, length: number): void {
    const held = request.held!;
    const at = this.#writer.dataChunk(request, length);
    this.#writer.outbox.octets.set(held.subarray(request.heldAt, request.heldAt + length), at);
    request.heldAt += length;
    const isSpent = request.heldAt === held.length;
    this.#sent(request, length);
    if (!isSpent) return;
    this.#letGo(held.length);
    request.held = undefined;
    if (request.moved === request.length) return;
    // More of it is to be read, behind the others.
    this.#leave();
    this.#queue.push(request);
  }

  /** Lays out the simple reply with data that is all there, or as much of it as there is room. */
  #sendHeld(request: PendingRequest): void {
    const { outbox } = this.#writer;
    const held = request.held!;
    const isBegun = this.#halfSent !== undefined;
    const room = outbox.room - (isBegun ? 0 : SimpleReply.length);
    const length = Math.min(held.length - request.moved, room);
    if (length === 0) return;
    const at = isBegun ? outbox.reserve(length, 0) : this.#writer.simpleData(request, length);
    outbox.octets.set(held.subarray(request.moved, request.moved + length), at);
    request.moved += length;
    this.#halfSent = request.moved < held.length ? request : undefined;
    if (this.#halfSent !== undefined) return;
    this.#letGo(held.length);
    request.held = undefined;
    this.#host.answered(request);
  }

  #sent(request: PendingRequest, length: number): void {
    request.moved += length;
    if (request.moved < request.length) return;
    this.#leave();
    this.#host.answered(request);
  }

  #fail(request: PendingRequest, error: NbdError): void {
    request.error = error;
    this.#host.finished(request);
  }

  /** The device cannot be read at once: begins a slow read, now or when less is held. */
  #readLater(request: PendingRequest): void {
    this.#leave();
    if (this.#waiting.length > 0 || !this.#readAhead(request)) this.#waiting.push(request);
  }

  /** False: too much is held already. */
  #readAhead(request: PendingRequest): boolean {
    const { structured } = this.#writer;
    const { length } = this.#run(request);
    const wanted = structured ? Math.min(length, READ_AHEAD_LENGTH) : length;
    if (this.#held > 0 && this.#held + wanted > this.#mostHeld) return false;
    if (!this.#budget.take(wanted, this.#wake)) return false;
    this.#held += wanted;
    this.#read(request, wanted);
    return true;
  }

  async #read(request: PendingRequest, length: number): Promise<void> {
    const host = this.#host;
    const offset = request.offset + request.moved;
    const buffer = new Uint8Array(length);
    let error: unknown;
    try {
      await host.inFlight.during(() => this.#device.read(offset, buffer, 0, length));
    } catch (reason) {
      error = reason;
    }
    if (host.aborted || error !== undefined) {
      this.#letGo(length);
      if (!host.aborted) host.failed(request, error);
    } else {
      request.held = buffer;
      request.heldAt = 0;
      this.#ready.push(request);
    }
    host.wake();
  }

  async #findHoles(request: PendingRequest): Promise<void> {
    const host = this.#host;
    const { offset, length } = request;
    try {
      request.extents = await host.inFlight.during(() =>
        this.#device.extents(offset, length, EXTENTS)
      );
      if (!host.aborted) this.#queue.push(request);
    } catch (error) {
      if (!host.aborted) host.failed(request, error);
    }
    host.wake();
  }

  #letGo(octets: number): void {
    this.#held -= octets;
    this.#budget.give(octets);
  }
}
