import assert from "node:assert/strict";
import fc from "fast-check";
import {
  emitContextRequest,
  parseContextRequest,
} from "../../../../lib/nbd/messages/context_request.ts";
import {
  BlockSizeInfo,
  ExportInfo,
  ExportNameReply,
} from "../../../../lib/nbd/messages/export_info.ts";
import { ClientGreeting, Greeting } from "../../../../lib/nbd/messages/greeting.ts";
import { emitInfoRequest, parseInfoRequest } from "../../../../lib/nbd/messages/info_request.ts";
import { OptionHeader } from "../../../../lib/nbd/messages/option.ts";
import {
  OPTION_REPLY_MAGIC,
  OptionReplyHeader,
} from "../../../../lib/nbd/messages/option_reply.ts";
import {
  BlockStatusChunk,
  BlockStatusDescriptor,
  Chunk,
  CHUNK_MAGIC,
  DataChunk,
  ErrorChunk,
  HoleChunk,
  SIMPLE_REPLY_MAGIC,
  SimpleReply,
} from "../../../../lib/nbd/messages/reply.ts";
import { Request, REQUEST_MAGIC } from "../../../../lib/nbd/messages/request.ts";
import type { Fields, Layout } from "../../../../lib/wire/layout.ts";
import { testCodec, type WireRecord } from "../../../support/codec.ts";

function test<F extends Fields>(file: string, layout: Layout<F>, record: WireRecord<F>): void {
  testCodec(`nbd ${file}`, layout, `nbd/${file}.hex`, record);
}

const COOKIE = { cookieHigh: 0x8000_0001, cookieLow: 0xff };
const CHUNK = { magic: CHUNK_MAGIC, flags: 1, ...COOKIE };

test("greeting", Greeting, { nbdMagic: "NBDMAGIC", optionMagic: "IHAVEOPT", handshakeFlags: 3 });
test("client_greeting", ClientGreeting, { clientFlags: 3 });
test("option_header", OptionHeader, { optionMagic: "IHAVEOPT", option: 7, dataLength: 12 });
test("option_reply_header", OptionReplyHeader, {
  magic: OPTION_REPLY_MAGIC,
  option: 7,
  type: 0x8000_0006,
  dataLength: 28,
});
test("export_info", ExportInfo, { type: 0, size: 10 * 2 ** 30, transmissionFlags: 0x105 });
test("block_size_info", BlockSizeInfo, {
  type: 3,
  minimumBlockSize: 512,
  preferredBlockSize: 4096,
  maximumPayloadSize: 32 << 20,
});
test("export_name_reply", ExportNameReply, { size: 1 << 20, transmissionFlags: 3 });
test("request", Request, {
  magic: REQUEST_MAGIC,
  flags: 1,
  type: 1,
  ...COOKIE,
  offset: 2 ** 32 + 512,
  length: 4096,
});
test("simple_reply", SimpleReply, { magic: SIMPLE_REPLY_MAGIC, error: 28, ...COOKIE });
test("chunk", Chunk, { ...CHUNK, type: 0, payloadLength: 0 });
test("data_chunk", DataChunk, {
  ...CHUNK,
  flags: 0,
  type: 1,
  payloadLength: 4104,
  offset: 2 ** 32 + 512,
});
test("hole_chunk", HoleChunk, {
  ...CHUNK,
  type: 2,
  payloadLength: 12,
  offset: 2 ** 32 + 512,
  holeLength: 0xffff_0000,
});
test("block_status_chunk", BlockStatusChunk, {
  ...CHUNK,
  type: 5,
  payloadLength: 12,
  contextId: 1,
});
test("block_status_descriptor", BlockStatusDescriptor, { length: 65_536, status: 3 });
test("error_chunk", ErrorChunk, {
  ...CHUNK,
  type: 0x8001,
  payloadLength: 10,
  error: 5,
  messageLength: 4,
});

const text = fc.string({ unit: "binary", maxLength: 200 });

Deno.test("A148: requests for information and for contexts read back as they were written", () => {
  const info = fc.record({
    exportName: text,
    requests: fc.array(fc.nat(0xffff), { maxLength: 9 }),
  });
  fc.assert(fc.property(info, (request) => {
    assert.deepEqual(parseInfoRequest(emitInfoRequest(request)), { ...request });
  }));
  const contexts = fc.record({ exportName: text, queries: fc.array(text, { maxLength: 9 }) });
  fc.assert(fc.property(contexts, (request) => {
    assert.deepEqual(parseContextRequest(emitContextRequest(request)), { ...request });
  }));
});

Deno.test("A148: of any octets these requests make nothing, or what they were written from", () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 64 }), (octets) => {
    const info = parseInfoRequest(octets);
    const contexts = parseContextRequest(octets);
    // What is no UTF-8 is read as replacement characters, and so becomes longer.
    if (info !== undefined) assert.ok(emitInfoRequest(info).length >= octets.length);
    if (contexts !== undefined) assert.ok(emitContextRequest(contexts).length >= octets.length);
  }));
});
