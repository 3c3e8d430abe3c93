/** An NBD server that says exactly what a test tells it to, right or wrong. */
import assert from "node:assert/strict";
import { ExportInfo, TransmissionFlag } from "../../lib/nbd/messages/export_info.ts";
import { Greeting, NBD_MAGIC, OPTION_MAGIC } from "../../lib/nbd/messages/greeting.ts";
import { Option, OptionHeader } from "../../lib/nbd/messages/option.ts";
import { concatenated, textOctets, u32Octets } from "../../lib/nbd/messages/option_data.ts";
import {
  OPTION_REPLY_MAGIC,
  OptionReplyHeader,
  ReplyType,
} from "../../lib/nbd/messages/option_reply.ts";
import {
  Chunk,
  CHUNK_MAGIC,
  SIMPLE_REPLY_MAGIC,
  SimpleReply,
} from "../../lib/nbd/messages/reply.ts";
import { Request, REQUEST_MAGIC, RequestType } from "../../lib/nbd/messages/request.ts";
import type { ByteStream } from "../../lib/runtime/byte_stream.ts";

export const CONTEXT_ID = 7;
export const SIZE = 1 << 20;

export interface ReceivedRequest {
  readonly type: number;
  readonly flags: number;
  readonly offset: number;
  readonly length: number;
  readonly cookie: Uint8Array;
  readonly data: Uint8Array;
}

export class RawNbdServer {
  readonly #stream: ByteStream;
  #rest: Uint8Array = new Uint8Array(0);

  constructor(stream: ByteStream) {
    this.#stream = stream;
  }

  async send(octets: Uint8Array): Promise<void> {
    while (octets.length > 0) octets = octets.subarray(await this.#stream.write(octets));
  }

  /** The next octets; undefined: the client has gone. */
  async take(length: number): Promise<Uint8Array | undefined> {
    const space = new Uint8Array(1 << 16);
    while (this.#rest.length < length) {
      const count = await this.#stream.read(space);
      if (count === null) return undefined;
      this.#rest = concatenated(this.#rest, space.subarray(0, count));
    }
    const taken = this.#rest.slice(0, length);
    this.#rest = this.#rest.subarray(length);
    return taken;
  }

  close(): void {
    this.#stream.close();
  }

  async greet(flags = 3): Promise<void> {
    const greeting = new Greeting(new Uint8Array(Greeting.length));
    greeting.nbdMagic = NBD_MAGIC;
    greeting.optionMagic = OPTION_MAGIC;
    greeting.handshakeFlags = flags;
    await this.send(new Uint8Array(greeting.view.buffer));
    await this.take(4);
  }

  /** The option that comes next. */
  async option(): Promise<{ readonly option: number; readonly data: Uint8Array } | undefined> {
    const octets = await this.take(OptionHeader.length);
    if (octets === undefined) return undefined;
    const header = new OptionHeader(octets);
    assert.equal(header.optionMagic, OPTION_MAGIC);
    return { option: header.option, data: (await this.take(header.dataLength))! };
  }

  /** Negotiates as a good server does, up to the transmission phase. */
  async negotiate(size = SIZE, flags = GOOD_FLAGS): Promise<void> {
    await this.greet();
    for (;;) {
      const { option } = (await this.option())!;
      if (option === Option.SET_META_CONTEXT) {
        const context = concatenated(u32Octets(CONTEXT_ID), textOctets("base:allocation"));
        await this.send(optionReply(option, ReplyType.META_CONTEXT, context));
      }
      if (option === Option.GO) {
        await this.send(optionReply(option, ReplyType.INFO, exportInfo(size, flags)));
      }
      await this.send(optionReply(option, ReplyType.ACK));
      if (option === Option.GO) return;
    }
  }

  /** The request that comes next; undefined: the client has gone. */
  async request(): Promise<ReceivedRequest | undefined> {
    const octets = await this.take(Request.length);
    if (octets === undefined) return undefined;
    const { magic, type, flags, offset, length } = new Request(octets);
    assert.equal(magic, REQUEST_MAGIC);
    const data = type === RequestType.WRITE ? (await this.take(length))! : new Uint8Array(0);
    return { type, flags, offset, length, cookie: octets.slice(8, 16), data };
  }
}

const { HAS_FLAGS, SEND_FLUSH, SEND_FUA, SEND_TRIM, SEND_WRITE_ZEROES } = TransmissionFlag;
export const GOOD_FLAGS = HAS_FLAGS | SEND_FLUSH | SEND_FUA | SEND_TRIM | SEND_WRITE_ZEROES;

export function exportInfo(size: number, flags = GOOD_FLAGS): Uint8Array {
  const octets = new Uint8Array(ExportInfo.length);
  const info = new ExportInfo(octets);
  info.size = size;
  info.transmissionFlags = flags;
  return octets;
}

export function optionReply(
  option: number,
  type: number,
  data: Uint8Array = new Uint8Array(0),
  length = data.length,
): Uint8Array {
  const octets = concatenated(new Uint8Array(OptionReplyHeader.length), data);
  const header = new OptionReplyHeader(octets);
  header.magic = OPTION_REPLY_MAGIC;
  header.option = option;
  header.type = type;
  header.dataLength = length;
  return octets;
}

export function simpleReply(
  { cookie }: ReceivedRequest,
  error = 0,
  data: Uint8Array = new Uint8Array(0),
): Uint8Array {
  const octets = concatenated(new Uint8Array(SimpleReply.length), data);
  const reply = new SimpleReply(octets);
  reply.magic = SIMPLE_REPLY_MAGIC;
  reply.error = error;
  octets.set(cookie, 8);
  return octets;
}

/** A chunk; the last one unless `flags` say otherwise. */
export function chunk(
  { cookie }: ReceivedRequest,
  type: number,
  payload: Uint8Array = new Uint8Array(0),
  { flags = 1, length = payload.length } = {},
): Uint8Array {
  const octets = concatenated(new Uint8Array(Chunk.length), payload);
  const header = new Chunk(octets);
  header.magic = CHUNK_MAGIC;
  header.flags = flags;
  header.type = type;
  header.payloadLength = length;
  octets.set(cookie, 8);
  return octets;
}

export function u64Octets(value: number): Uint8Array {
  return concatenated(u32Octets(Math.floor(value / 2 ** 32)), u32Octets(value % 2 ** 32));
}
