/** Lays replies out in an outbox. doc/proto.md, "Transmission". */
import type { Outbox } from "../../wire/outbox.ts";
import { AllocationState } from "../messages/meta_context.ts";
import { textOctets } from "../messages/option_data.ts";
import {
  BlockStatusChunk,
  BlockStatusDescriptor,
  Chunk,
  CHUNK_MAGIC,
  ChunkFlag,
  ChunkType,
  DataChunk,
  ErrorChunk,
  HoleChunk,
  SIMPLE_REPLY_MAGIC,
  SimpleReply,
} from "../messages/reply.ts";
import { ERROR_TEXTS, NbdError } from "../nbd_error.ts";
import { ALLOCATION_CONTEXT_ID } from "./options/meta_context.ts";
import type { PendingRequest } from "./pending_request.ts";

/** The most that a reply without data and without extents takes. */
export const REPLY_ROOM = 256;

// Of all connections: one of its own would keep the large buffer that it was last laid upon.
const simple = new SimpleReply();
const chunk = new Chunk();
const data = new DataChunk();
const hole = new HoleChunk();
const error = new ErrorChunk();
const status = new BlockStatusChunk();
const descriptor = new BlockStatusDescriptor();

const TEXTS: ReadonlyMap<NbdError, Uint8Array> = new Map(
  Object.values(NbdError).map((each) => [each, textOctets(ERROR_TEXTS[each])]),
);

export class ReplyWriter {
  readonly outbox: Outbox;
  readonly structured: boolean;

  constructor(outbox: Outbox, structured: boolean) {
    this.outbox = outbox;
    this.structured = structured;
  }

  /** Octets that stand before the data of a read. */
  get dataHeaderLength(): number {
    return this.structured ? DataChunk.length : SimpleReply.length;
  }

  /** The reply to a request that is over, but for what carries data. */
  end(request: PendingRequest): void {
    if (request.error !== NbdError.NONE && this.structured) this.#error(request);
    // "Structured reply chunk message": a simple reply may stand for any but that of a read.
    else if (this.structured && request.length === 0) this.#none(request);
    else this.#simple(request, request.error, 0);
  }

  #none(request: PendingRequest): void {
    this.#chunk(request, chunk, Chunk.length, ChunkType.NONE, 0);
  }

  #error(request: PendingRequest): void {
    const text = TEXTS.get(request.error)!;
    const at = this.#chunk(request, error, ErrorChunk.length, ChunkType.ERROR, text.length);
    error.error = request.error;
    error.messageLength = text.length;
    this.outbox.octets.set(text, at);
  }

  /** Reserves the reply with the data of a read, of which `here` octets follow at once. */
  simpleData(request: PendingRequest, here: number): number {
    return this.#simple(request, NbdError.NONE, here);
  }

  #simple(request: PendingRequest, code: number, dataLength: number): number {
    const { outbox } = this;
    const base = outbox.reserve(SimpleReply.length + dataLength, SimpleReply.length);
    simple.view = outbox.view;
    simple.base = base;
    simple.magic = SIMPLE_REPLY_MAGIC;
    simple.error = code;
    simple.cookieHigh = request.cookieHigh;
    simple.cookieLow = request.cookieLow;
    return base + SimpleReply.length;
  }

  /** Reserves a chunk with the next octets of a read; answers where they belong. */
  dataChunk(request: PendingRequest, length: number): number {
    const at = this.#chunk(request, data, DataChunk.length, ChunkType.OFFSET_DATA, length);
    if (!isLast(request, length)) data.flags = 0;
    data.offset = request.offset + request.moved;
    return at;
  }

  /** The next octets of a read are zeros. */
  holeChunk(request: PendingRequest, length: number): void {
    this.#chunk(request, hole, HoleChunk.length, ChunkType.OFFSET_HOLE, 0);
    if (!isLast(request, length)) hole.flags = 0;
    hole.offset = request.offset + request.moved;
    hole.holeLength = length;
  }

  /** Octets that the status of the request's extents takes. */
  blockStatusLength(request: PendingRequest): number {
    return BlockStatusChunk.length + request.extents!.length * BlockStatusDescriptor.length;
  }

  blockStatus(request: PendingRequest): void {
    const extents = request.extents!;
    const length = extents.length * BlockStatusDescriptor.length;
    const type = ChunkType.BLOCK_STATUS;
    descriptor.base = this.#chunk(request, status, BlockStatusChunk.length, type, length);
    descriptor.view = this.outbox.view;
    status.contextId = ALLOCATION_CONTEXT_ID;
    for (const extent of extents) {
      descriptor.length = extent.length;
      descriptor.status = extent.mapped ? 0 : AllocationState.HOLE | AllocationState.ZERO;
      descriptor.base += BlockStatusDescriptor.length;
    }
  }

  /** A chunk, the last one of its reply; answers where what follows its fields begins. */
  #chunk(
    request: PendingRequest,
    view: InstanceType<typeof Chunk>,
    fixed: number,
    type: number,
    following: number,
  ): number {
    const { outbox } = this;
    const base = outbox.reserve(fixed + following, fixed);
    view.view = outbox.view;
    view.base = base;
    view.magic = CHUNK_MAGIC;
    view.flags = ChunkFlag.DONE;
    view.type = type;
    view.cookieHigh = request.cookieHigh;
    view.cookieLow = request.cookieLow;
    view.payloadLength = fixed - Chunk.length + following;
    return base + fixed;
  }
}

/** The reply ends with these octets: none can fail any more. */
function isLast(request: PendingRequest, length: number): boolean {
  return request.moved + length === request.length;
}
