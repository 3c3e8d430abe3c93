/**
 * The client's side of the handshake, as a script that stops wherever it needs octets: structured
 * replies, the allocation context, then the export; without what the server does not know. doc/
 * proto.md, "Handshake".
 */
import { printable } from "../../runtime/printable.ts";
import type { Inbox } from "../../wire/inbox.ts";
import type { Outbox } from "../../wire/outbox.ts";
import { emitContextRequest } from "../messages/context_request.ts";
import {
  BlockSizeInfo,
  ExportInfo,
  ExportNameReply,
  InfoType,
  RESERVED_ZEROES,
} from "../messages/export_info.ts";
import {
  ClientFlag,
  Greeting,
  HandshakeFlag,
  NBD_MAGIC,
  OPTION_MAGIC,
} from "../messages/greeting.ts";
import { emitInfoRequest } from "../messages/info_request.ts";
import { ALLOCATION_CONTEXT } from "../messages/meta_context.ts";
import { Option, OptionHeader } from "../messages/option.ts";
import { concatenated, OptionData, textOctets, u32Octets } from "../messages/option_data.ts";
import {
  isError,
  OPTION_REPLY_MAGIC,
  OptionReplyHeader,
  ReplyType,
} from "../messages/option_reply.ts";
import { ProtocolFault } from "../protocol_fault.ts";
import type { Limits } from "./limits.ts";
import { Refusal } from "./refusal.ts";
import type { Terms } from "./terms.ts";

/** Asks for so many octets, and goes on with them. */
type Script<T> = Generator<number, T, Uint8Array>;

interface OptionReply {
  readonly type: number;
  readonly data: Uint8Array;
}

const NO_DATA = new Uint8Array(0);
/** "Size constraints": what holds where the server has not said otherwise. */
const DEFAULT_BLOCK_SIZES = { minimumBlockSize: 1, maximumPayloadSize: 32 << 20 } as const;
/** "Size constraints": no minimum block size is larger. */
const MOST_MINIMUM = 1 << 16;

export class ClientHandshake {
  readonly #inbox: Inbox;
  readonly #outbox: Outbox;
  readonly #exportName: string;
  readonly #limits: Limits;
  readonly #script: Script<Terms>;
  #wanted: number;
  #terms: Terms | undefined;

  constructor(inbox: Inbox, outbox: Outbox, exportName: string, limits: Limits) {
    this.#inbox = inbox;
    this.#outbox = outbox;
    this.#exportName = exportName;
    this.#limits = limits;
    this.#script = this.#negotiate();
    this.#wanted = this.#script.next().value as number;
  }

  /** Set when the transmission phase begins. */
  get terms(): Terms | undefined {
    return this.#terms;
  }

  /**
   * Goes on as far as the octets reach; false: more are needed. Throws a ProtocolFault, or a
   * Refusal.
   */
  receive(): boolean {
    const inbox = this.#inbox;
    if (inbox.available < this.#wanted) {
      inbox.require(this.#wanted);
      return false;
    }
    const octets = inbox.octets.slice(inbox.start, inbox.start + this.#wanted);
    inbox.take(this.#wanted);
    const { done, value } = this.#script.next(octets);
    if (done) this.#terms = value;
    else this.#wanted = value;
    return true;
  }

  *#negotiate(): Script<Terms> {
    const greeting = new Greeting(yield Greeting.length);
    if (greeting.nbdMagic !== NBD_MAGIC) throw new ProtocolFault("no NBD server answers there");
    if (greeting.optionMagic !== OPTION_MAGIC) {
      throw new ProtocolFault("the server speaks the old style of NBD, which has no options");
    }
    const { handshakeFlags } = greeting;
    // Each client flag answers the handshake flag of its value, and is not set without it.
    const clientFlags = handshakeFlags & (ClientFlag.FIXED_NEWSTYLE | ClientFlag.NO_ZEROES);
    this.#send(u32Octets(clientFlags));
    if ((handshakeFlags & HandshakeFlag.FIXED_NEWSTYLE) === 0) {
      return yield* this.#enterByName(clientFlags, false);
    }
    const structuredReplies = (yield* this.#ask(Option.STRUCTURED_REPLY)) !== undefined;
    const allocationContextId = structuredReplies ? yield* this.#chooseContext() : undefined;
    const info = yield* this.#go();
    if (info === undefined) return yield* this.#enterByName(clientFlags, structuredReplies);
    return { ...info, structuredReplies, allocationContextId };
  }

  *#chooseContext(): Script<number | undefined> {
    const queries = [ALLOCATION_CONTEXT];
    const request = emitContextRequest({ exportName: this.#exportName, queries });
    const replies = yield* this.#ask(Option.SET_META_CONTEXT, request);
    for (const { type, data } of replies ?? []) {
      const fields = new OptionData(data);
      const id = fields.u32();
      if (type !== ReplyType.META_CONTEXT || id === undefined) continue;
      if (fields.text(fields.left) === ALLOCATION_CONTEXT) return id;
    }
    return undefined;
  }

  /** What the server says of the export; undefined: it does not know `NBD_OPT_GO`. */
  *#go(): Script<Omit<Terms, "structuredReplies" | "allocationContextId"> | undefined> {
    const requests = [InfoType.BLOCK_SIZE];
    const request = emitInfoRequest({ exportName: this.#exportName, requests });
    const replies = yield* this.#ask(Option.GO, request, true);
    if (replies === undefined) return undefined;
    const infos = replies.filter(({ type }) => type === ReplyType.INFO).map(({ data }) => data);
    const told = infos.find((data) => isInfo(data, InfoType.EXPORT, ExportInfo.length));
    if (told === undefined) throw new ProtocolFault("the server did not describe the export");
    const { size, transmissionFlags } = new ExportInfo(told);
    const sizes = infos.find((data) => isInfo(data, InfoType.BLOCK_SIZE, BlockSizeInfo.length));
    return { size: checkedSize(size), transmissionFlags, ...blockSizes(sizes) };
  }

  /** `NBD_OPT_EXPORT_NAME`, for old servers: one that has no such export closes the connection. */
  *#enterByName(clientFlags: number, structuredReplies: boolean): Script<Terms> {
    this.#sendOption(Option.EXPORT_NAME, textOctets(this.#exportName));
    const zeroes = (clientFlags & ClientFlag.NO_ZEROES) === 0 ? RESERVED_ZEROES : 0;
    const reply = new ExportNameReply(yield ExportNameReply.length + zeroes);
    const { size, transmissionFlags } = reply;
    return {
      size: checkedSize(size),
      transmissionFlags,
      ...DEFAULT_BLOCK_SIZES,
      structuredReplies,
      allocationContextId: undefined,
    };
  }

  /**
   * Asks for an option; the replies before the final one, or undefined where the server does not
   * grant it. One that must be granted, unless it is not known at all, is a Refusal otherwise.
   */
  *#ask(
    option: number,
    data: Uint8Array = NO_DATA,
    must = false,
  ): Script<OptionReply[] | undefined> {
    this.#sendOption(option, data);
    const replies: OptionReply[] = [];
    for (;;) {
      const reply = yield* this.#reply(option);
      if (reply.type === ReplyType.ACK) return replies;
      if (isError(reply.type)) {
        if (must && reply.type !== ReplyType.ERR_UNSUP) throw this.#refusal(reply);
        return undefined;
      }
      replies.push(reply);
      if (replies.length > this.#limits.optionReplies) {
        throw new ProtocolFault("the server replies to an option without end");
      }
    }
  }

  *#reply(option: number): Script<OptionReply> {
    const header = new OptionReplyHeader(yield OptionReplyHeader.length);
    const { type, dataLength } = header;
    if (header.magic !== OPTION_REPLY_MAGIC) throw new ProtocolFault("a reply without its magic");
    if (header.option !== option) throw new ProtocolFault("a reply to what was not asked");
    if (dataLength > this.#limits.optionReplyLength) {
      throw new ProtocolFault(`a reply to an option with ${dataLength} octets`);
    }
    return { type, data: dataLength === 0 ? NO_DATA : yield dataLength };
  }

  #refusal({ type, data }: OptionReply): Refusal {
    const name = JSON.stringify(this.#exportName);
    const said = printable(new TextDecoder().decode(data.subarray(0, 1024)));
    const why = said === "" ? `error 0x${type.toString(16)}` : said;
    if (type === ReplyType.ERR_UNKNOWN) {
      return new Refusal("unknown", `the server has no export ${name}: ${why}`);
    }
    const needs = type === ReplyType.ERR_TLS_REQD ? "it wants TLS, which is not spoken here: " : "";
    return new Refusal("unsuitable", `the server refuses the export ${name}: ${needs}${why}`);
  }

  /** "Termination of the session during option haggling": the polite way. */
  abort(): void {
    this.#sendOption(Option.ABORT, NO_DATA);
  }

  #sendOption(option: number, data: Uint8Array): void {
    const header = new OptionHeader(new Uint8Array(OptionHeader.length));
    header.optionMagic = OPTION_MAGIC;
    header.option = option;
    header.dataLength = data.length;
    this.#send(concatenated(new Uint8Array(header.view.buffer), data));
  }

  #send(octets: Uint8Array): void {
    const at = this.#outbox.reserve(octets.length, 0);
    this.#outbox.octets.set(octets, at);
  }
}

function isInfo(data: Uint8Array, type: number, length: number): boolean {
  return data.length === length && data[0] === type >>> 8 && data[1] === (type & 0xff);
}

/** Beyond 2^53 octets an export cannot be counted, and beyond 2^63 nobody has any. */
function checkedSize(size: number): number {
  if (Number.isSafeInteger(size)) return size;
  throw new Refusal("unsuitable", `the server says that the export has ${size} octets`);
}

/** "Size constraints"; what goes against them is no server's word to rely on. */
function blockSizes(octets: Uint8Array | undefined): {
  readonly minimumBlockSize: number;
  readonly maximumPayloadSize: number;
} {
  if (octets === undefined) return DEFAULT_BLOCK_SIZES;
  const { minimumBlockSize, maximumPayloadSize } = new BlockSizeInfo(octets);
  const isPowerOfTwo = minimumBlockSize > 0 && Math.log2(minimumBlockSize) % 1 === 0;
  if (isPowerOfTwo && minimumBlockSize <= MOST_MINIMUM && maximumPayloadSize >= minimumBlockSize) {
    return { minimumBlockSize, maximumPayloadSize };
  }
  throw new ProtocolFault(`block sizes from ${minimumBlockSize} to ${maximumPayloadSize}`);
}
