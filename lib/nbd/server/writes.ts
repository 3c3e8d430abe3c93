/**
 * Takes the data of writes as it comes: each piece goes to its place on the medium straight from
 * the receive buffer. What breaks the rules, or fails, has the rest of its data dropped.
 * doc/proto.md, `NBD_CMD_WRITE`.
 */
import { DeviceError } from "../../block/device.ts";
import type { Inbox } from "../../wire/inbox.ts";
import { CommandFlag } from "../messages/request.ts";
import { ERROR_OF_KIND, NbdError } from "../nbd_error.ts";
import type { Export } from "./export.ts";
import type { Host } from "./host.ts";
import type { PendingRequest } from "./pending_request.ts";

/**
 * Pieces end at such multiples, but for the last: no block of any medium is written by halves. In
 * twice as many octets there is one, wherever they begin.
 */
const ALIGNMENT = 4096;

export class Writes {
  readonly #export: Export;
  readonly #host: Host;
  /** The request whose data is coming. */
  #incoming: PendingRequest | undefined;
  /** Octets that wait for the medium. */
  pendingOctets = 0;

  constructor(target: Export, host: Host) {
    this.#export = target;
    this.#host = host;
  }

  /** Data is due: what comes next is no request. */
  get isReceiving(): boolean {
    return this.#incoming !== undefined;
  }

  /** The data of the request comes next. */
  begin(request: PendingRequest): void {
    if (request.error === NbdError.NONE) this.#judge(request);
    this.#incoming = request;
    if (request.length === 0) this.#received(request);
  }

  #judge(request: PendingRequest): void {
    try {
      this.#export.requireUnfenced();
    } catch (error) {
      this.#spoil(request, error);
    }
  }

  /** Takes what has come of it; false: that is not enough for a piece. */
  receive(inbox: Inbox): boolean {
    const request = this.#incoming!;
    const left = request.length - request.moved;
    const length = pieceOf(request, left, inbox.available);
    if (length > 0) {
      this.#place(request, inbox.octets, inbox.start, length);
      inbox.take(length);
    }
    if (request.moved === request.length) this.#received(request);
    else inbox.require(Math.min(request.length - request.moved, 2 * ALIGNMENT));
    return length > 0;
  }

  #place(request: PendingRequest, octets: Uint8Array, at: number, length: number): void {
    const offset = request.offset + request.moved;
    request.moved += length;
    if (request.error !== NbdError.NONE) return;
    try {
      if (this.#export.device.writeNow(offset, octets, at, length)) return;
    } catch (error) {
      return this.#spoil(request, error);
    }
    request.pending++;
    this.pendingOctets += length;
    this.#write(request, octets.slice(at, at + length), offset);
  }

  async #write(request: PendingRequest, octets: Uint8Array, offset: number): Promise<void> {
    try {
      await this.#host.inFlight.during(() =>
        this.#export.device.write(offset, octets, 0, octets.length)
      );
    } catch (error) {
      this.#spoilOrCrash(request, error);
    }
    this.pendingOctets -= octets.length;
    request.pending--;
    if (request.moved === request.length && request !== this.#incoming) this.#settle(request);
    this.#host.wake();
  }

  #received(request: PendingRequest): void {
    this.#incoming = undefined;
    this.#settle(request);
  }

  /** All of it has come: the reply is due once it is where it belongs. */
  #settle(request: PendingRequest): void {
    if (request.pending > 0) return;
    const isDurable = request.error === NbdError.NONE && request.has(CommandFlag.FUA);
    if (isDurable && !this.#host.aborted) this.#flush(request);
    else this.#host.finished(request);
  }

  async #flush(request: PendingRequest): Promise<void> {
    try {
      await this.#host.inFlight.during(() => this.#export.flush());
    } catch (error) {
      this.#spoilOrCrash(request, error);
    }
    this.#host.finished(request);
    this.#host.wake();
  }

  #spoilOrCrash(request: PendingRequest, error: unknown): void {
    try {
      this.#spoil(request, error);
    } catch (bug) {
      this.#host.crashed(bug);
    }
  }

  /** The first failure is the one that is told. */
  #spoil(request: PendingRequest, error: unknown): void {
    if (!(error instanceof DeviceError)) throw error;
    if (request.error === NbdError.NONE) request.error = ERROR_OF_KIND[error.kind];
  }
}

/** Octets of the next piece, of those that are available. */
function pieceOf(request: PendingRequest, left: number, available: number): number {
  if (available >= left) return left;
  // What is dropped needs no order.
  if (request.error !== NbdError.NONE) return available;
  const end = request.offset + request.moved + available;
  return Math.max(0, available - end % ALIGNMENT);
}
