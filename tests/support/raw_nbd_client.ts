/** An NBD client that says exactly what a test tells it to, right or wrong, and reads what comes. */
import assert from "node:assert/strict";
import { Greeting, NBD_MAGIC, OPTION_MAGIC } from "../../lib/nbd/messages/greeting.ts";
import { BlockSizeInfo, ExportInfo, InfoType } from "../../lib/nbd/messages/export_info.ts";
import { emitContextRequest } from "../../lib/nbd/messages/context_request.ts";
import { emitInfoRequest } from "../../lib/nbd/messages/info_request.ts";
import { Option, OptionHeader } from "../../lib/nbd/messages/option.ts";
import {
  isError,
  OPTION_REPLY_MAGIC,
  OptionReplyHeader,
  ReplyType,
} from "../../lib/nbd/messages/option_reply.ts";
import { concatenated, u32Octets } from "../../lib/nbd/messages/option_data.ts";
import {
  BlockStatusDescriptor,
  CHUNK_MAGIC,
  ChunkFlag,
  ChunkType,
  SIMPLE_REPLY_MAGIC,
} from "../../lib/nbd/messages/reply.ts";
import { Request, REQUEST_MAGIC, RequestType } from "../../lib/nbd/messages/request.ts";
import type { ByteStream } from "../../lib/runtime/byte_stream.ts";

export interface OptionReply {
  readonly type: number;
  readonly data: Uint8Array;
}

export interface RawRequest {
  readonly type: number;
  readonly flags?: number;
  readonly offset?: number;
  readonly length?: number;
  readonly data?: Uint8Array;
  readonly cookie?: number;
  readonly magic?: number;
}

/** A whole reply, put together of its chunks. */
export interface Answer {
  readonly cookie: number;
  readonly asked: RawRequest;
  error: number;
  message: string;
  /** Of a read: what came, and zeros where a hole was told. */
  data: Uint8Array;
  /** How many octets of the data were told as holes. */
  holes: number;
  chunks: number;
  extents: { length: number; status: number }[];
}

const BOTH_FLAGS = 3;

export class RawNbdClient {
  readonly #stream: ByteStream;
  /** Octets that have come and not been taken. */
  #rest = new Uint8Array(0);
  readonly #asked = new Map<number, RawRequest>();
  /** Replies of which chunks have come. */
  readonly #begun = new Map<number, Answer>();
  #cookie = 1;
  structured = false;

  constructor(stream: ByteStream) {
    this.#stream = stream;
  }

  async send(octets: Uint8Array): Promise<void> {
    while (octets.length > 0) octets = octets.subarray(await this.#stream.write(octets));
  }

  /** The next octets, exactly so many. */
  async take(length: number): Promise<Uint8Array> {
    while (this.#rest.length < length) assert.ok(await this.#more(), "the server has closed");
    const taken = this.#rest.slice(0, length);
    this.#rest = this.#rest.subarray(length);
    return taken;
  }

  async #more(): Promise<boolean> {
    const space = new Uint8Array(1 << 16);
    let count: number | null;
    try {
      count = await this.#stream.read(space);
    } catch {
      return false; // reset
    }
    if (count === null) return false;
    this.#rest = concatenated(this.#rest, space.subarray(0, count)) as Uint8Array<ArrayBuffer>;
    return true;
  }

  /** Reads to the end, and answers what came before it. */
  async untilClosed(): Promise<Uint8Array> {
    while (await this.#more()) { /* further */ }
    return this.#rest;
  }

  close(): void {
    this.#stream.close();
  }

  async greet(flags = BOTH_FLAGS): Promise<void> {
    const greeting = new Greeting(await this.take(Greeting.length));
    assert.equal(greeting.nbdMagic, NBD_MAGIC);
    assert.equal(greeting.optionMagic, OPTION_MAGIC);
    assert.equal(greeting.handshakeFlags, BOTH_FLAGS);
    await this.send(u32Octets(flags));
  }

  /** Sends an option and reads its replies, the final one last. */
  async option(option: number, data: Uint8Array = new Uint8Array(0)): Promise<OptionReply[]> {
    await this.send(optionOctets(option, data));
    const replies: OptionReply[] = [];
    for (;;) {
      const reply = await this.optionReply(option);
      replies.push(reply);
      if (reply.type === ReplyType.ACK || isError(reply.type)) return replies;
    }
  }

  async optionReply(option: number): Promise<OptionReply> {
    const header = new OptionReplyHeader(await this.take(OptionReplyHeader.length));
    assert.equal(header.magic, OPTION_REPLY_MAGIC);
    assert.equal(header.option, option);
    return { type: header.type, data: await this.take(header.dataLength) };
  }

  /** Sends an option that has one reply; answers its type. */
  async optionType(option: number, data?: Uint8Array): Promise<number> {
    return (await this.option(option, data)).at(-1)!.type;
  }

  /** Enters an export, with everything that can be agreed on, or with simple replies alone. */
  async enter(exportName: string, { simple = false } = {}): Promise<{
    readonly size: number;
    readonly flags: number;
    readonly blockSizes: readonly number[];
  }> {
    await this.greet();
    if (!simple) {
      assert.equal(await this.optionType(Option.STRUCTURED_REPLY), ReplyType.ACK);
      const context = emitContextRequest({ exportName, queries: ["base:allocation"] });
      assert.equal(await this.optionType(Option.SET_META_CONTEXT, context), ReplyType.ACK);
      this.structured = true;
    }
    const request = emitInfoRequest({ exportName, requests: [InfoType.BLOCK_SIZE] });
    const replies = await this.option(Option.GO, request);
    assert.equal(replies.at(-1)!.type, ReplyType.ACK);
    const info = new ExportInfo(replies[0]!.data);
    const sizes = new BlockSizeInfo(replies[1]!.data);
    return {
      size: info.size,
      flags: info.transmissionFlags,
      blockSizes: [sizes.minimumBlockSize, sizes.preferredBlockSize, sizes.maximumPayloadSize],
    };
  }

  /** Sends a request, without waiting for its reply; answers its cookie. */
  async ask(request: RawRequest): Promise<number> {
    const cookie = request.cookie ?? this.#cookie++;
    this.#asked.set(cookie, request);
    await this.send(requestOctets({ ...request, cookie }));
    return cookie;
  }

  /** Sends a request and reads its reply, which must be the next. */
  async run(request: RawRequest): Promise<Answer> {
    const cookie = await this.ask(request);
    const answer = await this.answer();
    assert.equal(answer.cookie, cookie);
    return answer;
  }

  /** Reads until a reply is whole; chunks of others may come between its own. */
  async answer(): Promise<Answer> {
    for (;;) {
      const head = new DataView((await this.take(16)).buffer);
      const cookie = head.getUint32(8) * 2 ** 32 + head.getUint32(12);
      const answer = this.#begun.get(cookie) ?? this.#blank(cookie);
      this.#begun.set(cookie, answer);
      if (head.getUint32(0) === SIMPLE_REPLY_MAGIC) {
        this.#begun.delete(cookie);
        return await this.#simple(head, answer);
      }
      assert.equal(head.getUint32(0), CHUNK_MAGIC);
      assert.ok(this.structured, "no chunk was agreed on");
      const payload = await this.take(new DataView((await this.take(4)).buffer).getUint32(0));
      answer.chunks++;
      this.#takeChunk(answer, head.getUint16(6), payload);
      if ((head.getUint16(4) & ChunkFlag.DONE) === 0) continue;
      this.#begun.delete(cookie);
      return answer;
    }
  }

  #blank(cookie: number): Answer {
    const asked = this.#asked.get(cookie);
    assert.ok(asked !== undefined, `nobody has asked with the cookie ${cookie}`);
    this.#asked.delete(cookie);
    const length = asked.type === RequestType.READ ? asked.length ?? 0 : 0;
    const data = new Uint8Array(Math.min(length, 1 << 26)).fill(0xee);
    return { cookie, asked, error: 0, message: "", data, holes: 0, chunks: 0, extents: [] };
  }

  async #simple(head: DataView, answer: Answer): Promise<Answer> {
    answer.error = head.getUint32(4);
    assert.ok(!this.structured || answer.asked.type !== RequestType.READ, "a read has chunks");
    if (answer.error === 0) answer.data = await this.take(answer.data.length);
    else answer.data = new Uint8Array(0);
    return answer;
  }

  #takeChunk(answer: Answer, type: number, payload: Uint8Array): void {
    const view = new DataView(payload.buffer, payload.byteOffset, payload.byteLength);
    const at = () => Number(view.getBigUint64(0)) - (answer.asked.offset ?? 0);
    switch (type) {
      case ChunkType.NONE:
        return assert.equal(payload.length, 0);
      case ChunkType.OFFSET_DATA:
        assert.ok(payload.length > 8);
        return answer.data.set(payload.subarray(8), at());
      case ChunkType.OFFSET_HOLE: {
        const length = view.getUint32(8);
        answer.holes += length;
        answer.data.fill(0, at(), at() + length);
        return;
      }
      case ChunkType.BLOCK_STATUS:
        for (let base = 4; base < payload.length; base += BlockStatusDescriptor.length) {
          const { length, status } = new BlockStatusDescriptor(payload, base);
          answer.extents.push({ length, status });
        }
        return;
      case ChunkType.ERROR:
        answer.error = view.getUint32(0);
        answer.message = new TextDecoder().decode(payload.subarray(6));
        return assert.equal(view.getUint16(4), payload.length - 6);
      default:
        assert.fail(`a chunk of type ${type}`);
    }
  }
}

export function optionOctets(option: number, data: Uint8Array, length = data.length): Uint8Array {
  const octets = concatenated(new Uint8Array(OptionHeader.length), data);
  const header = new OptionHeader(octets);
  header.optionMagic = OPTION_MAGIC;
  header.option = option;
  header.dataLength = length;
  return octets;
}

export function requestOctets(request: RawRequest): Uint8Array {
  const { type, flags = 0, offset = 0, data = new Uint8Array(0), cookie = 0 } = request;
  const octets = concatenated(new Uint8Array(Request.length), data);
  const header = new Request(octets);
  header.magic = request.magic ?? REQUEST_MAGIC;
  header.flags = flags;
  header.type = type;
  header.cookieHigh = Math.floor(cookie / 2 ** 32);
  header.cookieLow = cookie % 2 ** 32;
  header.offset = offset;
  header.length = request.length ?? data.length;
  return octets;
}
