/**
 * Takes replies apart: every field is judged before anything is done with it, and the data of reads
 * goes straight to where it belongs. doc/proto.md, "Transmission".
 */
import { DeviceError } from "../../block/device.ts";
import { printable } from "../../runtime/printable.ts";
import type { Inbox } from "../../wire/inbox.ts";
import { AllocationState } from "../messages/meta_context.ts";
import { MOST_STRING_LENGTH } from "../messages/option.ts";
import {
  BlockStatusDescriptor,
  Chunk,
  CHUNK_MAGIC,
  ChunkFlag,
  ChunkType,
  ERROR_OFFSET_LENGTH,
  isErrorChunk,
  SIMPLE_REPLY_MAGIC,
  SimpleReply,
} from "../messages/reply.ts";
import { RequestType } from "../messages/request.ts";
import { kindOfError, NbdError } from "../nbd_error.ts";
import { ProtocolFault } from "../protocol_fault.ts";
import type { Operation } from "./operation.ts";
import type { Requests } from "./requests.ts";
import type { Terms } from "./terms.ts";

/** Octets of data still to come from which on they are received straight into their place. */
const LEAST_DIRECT = 4096;
/** The most that an error chunk has: error, length, message, and an offset. */
const MOST_ERROR_LENGTH = 6 + MOST_STRING_LENGTH + ERROR_OFFSET_LENGTH;

export interface RepliesOptions {
  readonly inbox: Inbox;
  readonly terms: Terms;
  readonly requests: Requests;
  /** It is over, well or not as its `error` says. */
  readonly over: (operation: Operation) => void;
  /** The server stops: nothing more is to be asked of this connection. */
  readonly stopping: () => void;
}

/** What is left to be taken of the reply at hand. */
type Rest =
  /** Data of a read: where it goes. */
  | { readonly kind: "data"; readonly place: Uint8Array; done: number }
  /** Descriptors of a block status. */
  | { readonly kind: "status"; left: number; offset: number };

const simple = new SimpleReply();
const chunk = new Chunk();
const descriptor = new BlockStatusDescriptor();

export class Replies {
  readonly #options: RepliesOptions;
  /** Of the reply that is being taken apart. */
  #operation: Operation | undefined;
  #low = 0;
  #isLast = false;
  #rest: Rest | undefined;

  constructor(options: RepliesOptions) {
    this.#options = options;
  }

  /** Deals with what is in the inbox, as far as it goes; false: more must come. */
  receive(): boolean {
    if (this.#rest !== undefined) return this.#takeRest(this.#rest);
    const { inbox } = this.#options;
    if (inbox.available < SimpleReply.length) return false;
    simple.view = chunk.view = inbox.view;
    simple.base = chunk.base = inbox.start;
    if (simple.magic === SIMPLE_REPLY_MAGIC) return this.#simple();
    if (simple.magic !== CHUNK_MAGIC) throw new ProtocolFault("a reply without its magic");
    if (!this.#options.terms.structuredReplies) throw new ProtocolFault("an unasked chunk");
    return this.#chunk();
  }

  #simple(): boolean {
    const { inbox, terms } = this.#options;
    const operation = this.#find(simple);
    const { error } = simple;
    const { type } = operation;
    if (terms.structuredReplies && (type === RequestType.READ || isStatus(type))) {
      throw new ProtocolFault("a simple reply where there must be chunks");
    }
    inbox.take(SimpleReply.length);
    this.#isLast = true;
    if (error !== NbdError.NONE) this.#note(operation, error, "");
    if (error === NbdError.NONE && type === RequestType.READ && operation.length > 0) {
      this.#beginData(operation, 0, operation.length);
    } else this.#end();
    return true;
  }

  #find(view: { readonly cookieHigh: number; readonly cookieLow: number }): Operation {
    this.#low = view.cookieLow;
    this.#operation = this.#options.requests.find(view.cookieHigh, view.cookieLow);
    return this.#operation;
  }

  #chunk(): boolean {
    const { inbox } = this.#options;
    if (inbox.available < Chunk.length) return false;
    const { type, payloadLength } = chunk;
    // Read whole before it is judged: data, whose length is bounded by what was asked, is not.
    const fixed = isErrorChunk(type) ? payloadLength : FIXED_LENGTHS.get(type);
    if (fixed === undefined) throw new ProtocolFault(`a chunk of type ${type}`);
    if (payloadLength < fixed || fixed > MOST_ERROR_LENGTH) {
      throw new ProtocolFault(`a chunk of type ${type} with ${payloadLength} octets`);
    }
    if (inbox.available < Chunk.length + fixed) {
      inbox.require(Chunk.length + fixed);
      return false;
    }
    const operation = this.#find(chunk);
    this.#isLast = (chunk.flags & ChunkFlag.DONE) !== 0;
    const at = inbox.start + Chunk.length;
    const payload = new DataView(inbox.octets.buffer, inbox.octets.byteOffset + at, fixed);
    inbox.take(Chunk.length + fixed);
    this.#judge(operation, type, payload, payloadLength - fixed);
    return true;
  }

  #judge(operation: Operation, type: number, payload: DataView, following: number): void {
    if (isErrorChunk(type)) return this.#error(operation, payload);
    switch (type) {
      case ChunkType.OFFSET_DATA: {
        const at = relative(operation, payload);
        if (following === 0) throw new ProtocolFault("a chunk without data");
        return this.#beginData(operation, at, following);
      }
      case ChunkType.OFFSET_HOLE: {
        const at = relative(operation, payload);
        const length = payload.getUint32(8);
        if (following > 0 || length === 0) throw new ProtocolFault("a hole of another length");
        this.#cover(operation, at, length).fill(0);
        return this.#end();
      }
      case ChunkType.BLOCK_STATUS:
        return this.#beginStatus(operation, payload.getUint32(0), following);
      default:
        if (following > 0 || !this.#isLast) throw new ProtocolFault("NONE with something to it");
        return this.#end();
    }
  }

  #error(operation: Operation, payload: DataView): void {
    if (payload.byteLength < 6) throw new ProtocolFault("an error that says nothing");
    const length = payload.getUint16(4);
    if (length > payload.byteLength - 6) throw new ProtocolFault("an error longer than its chunk");
    const { buffer, byteOffset } = payload;
    const message = new TextDecoder().decode(new Uint8Array(buffer, byteOffset + 6, length));
    const error = payload.getUint32(0);
    if (error === NbdError.NONE) throw new ProtocolFault("an error that is none");
    this.#note(operation, error, message);
    this.#end();
  }

  #note(operation: Operation, error: number, message: string): void {
    if (error === NbdError.ESHUTDOWN) this.#options.stopping();
    const said = message === "" ? `error ${error}` : printable(message);
    operation.error ??= new DeviceError(kindOfError(error), `the NBD server says: ${said}`);
  }

  /** The place of so many octets of a read, which come now. */
  #cover(operation: Operation, at: number, length: number): Uint8Array {
    const isInside = at >= 0 && at + length <= operation.length;
    if (operation.type !== RequestType.READ || !isInside || !operation.coverage.add(at, length)) {
      throw new ProtocolFault("data that was not asked for, or comes twice");
    }
    return operation.buffer.subarray(operation.at + at, operation.at + at + length);
  }

  #beginData(operation: Operation, at: number, length: number): void {
    this.#rest = { kind: "data", place: this.#cover(operation, at, length), done: 0 };
  }

  #beginStatus(operation: Operation, contextId: number, following: number): void {
    const isOurs = contextId === this.#options.terms.allocationContextId;
    const isWhole = following > 0 && following % BlockStatusDescriptor.length === 0;
    if (!isStatus(operation.type) || !isOurs || !isWhole || operation.isStatusTold) {
      throw new ProtocolFault("a block status that was not asked for, or is not whole");
    }
    operation.isStatusTold = true;
    this.#rest = { kind: "status", left: following, offset: operation.offset };
  }

  #takeRest(rest: Rest): boolean {
    const isDone = rest.kind === "data" ? this.#takeData(rest) : this.#takeStatus(rest);
    if (isDone) {
      this.#rest = undefined;
      this.#end();
    }
    return isDone;
  }

  #takeData(rest: { readonly place: Uint8Array; done: number }): boolean {
    const { inbox } = this.#options;
    const { place } = rest;
    if (inbox.diverted > 0) return false;
    if (rest.done === place.length) return true;
    const count = Math.min(inbox.available, place.length - rest.done);
    place.set(inbox.octets.subarray(inbox.start, inbox.start + count), rest.done);
    inbox.take(count);
    rest.done += count;
    const left = place.length - rest.done;
    if (left === 0) return true;
    if (left >= LEAST_DIRECT) {
      inbox.divert(place.subarray(rest.done));
      rest.done = place.length;
    }
    return false;
  }

  /** Keeps as many extents as are wanted; what reaches beyond the request is cut off. */
  #takeStatus(rest: { left: number; offset: number }): boolean {
    const { inbox } = this.#options;
    const operation = this.#operation!;
    const end = operation.offset + operation.length;
    while (rest.left > 0 && inbox.available >= BlockStatusDescriptor.length) {
      descriptor.view = inbox.view;
      descriptor.base = inbox.start;
      const { length, status } = descriptor;
      inbox.take(BlockStatusDescriptor.length);
      rest.left -= BlockStatusDescriptor.length;
      if (length === 0) throw new ProtocolFault("an extent without length");
      const isHole = (status & EMPTY) === EMPTY;
      addExtent(operation, rest.offset, Math.min(length, end - rest.offset), !isHole);
      rest.offset = Math.min(end, rest.offset + length);
    }
    return rest.left === 0;
  }

  /** The chunk at hand is dealt with, and with the last one the request. */
  #end(): void {
    const operation = this.#operation!;
    this.#operation = undefined;
    if (!this.#isLast) return;
    const { type, length, coverage, error } = operation;
    const isMissing = type === RequestType.READ
      ? coverage.octets !== length
      : isStatus(type) && !operation.isStatusTold;
    if (isMissing && error === undefined) throw new ProtocolFault("a reply that lacks data");
    this.#options.requests.remove(this.#low);
    this.#options.over(operation);
  }
}

/** Octets of a chunk's payload before what may be long. */
const FIXED_LENGTHS: ReadonlyMap<number, number> = new Map([
  [ChunkType.NONE, 0],
  [ChunkType.OFFSET_DATA, 8],
  [ChunkType.OFFSET_HOLE, 12],
  [ChunkType.BLOCK_STATUS, 4],
]);

/** What is both takes no space and reads as zeros. */
const EMPTY = AllocationState.HOLE | AllocationState.ZERO;

function isStatus(type: number): boolean {
  return type === RequestType.BLOCK_STATUS;
}

/** Where in a read the offset at the start of the payload is. */
function relative(operation: Operation, payload: DataView): number {
  const offset = payload.getUint32(0) * 0x1_0000_0000 + payload.getUint32(4);
  return offset - operation.offset;
}

function addExtent(operation: Operation, offset: number, length: number, mapped: boolean): void {
  const { extents, mostExtents } = operation;
  if (length <= 0) return;
  const last = extents.at(-1);
  if (last?.mapped === mapped && last.offset + last.length === offset) {
    extents[extents.length - 1] = { ...last, length: last.length + length };
  } else if (extents.length < mostExtents) {
    extents.push({ offset, length, mapped });
  }
}
