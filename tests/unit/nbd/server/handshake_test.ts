import assert from "node:assert/strict";
import { emitContextRequest } from "../../../../lib/nbd/messages/context_request.ts";
import {
  ExportInfo,
  InfoType,
  TransmissionFlag,
} from "../../../../lib/nbd/messages/export_info.ts";
import { emitInfoRequest } from "../../../../lib/nbd/messages/info_request.ts";
import { Option } from "../../../../lib/nbd/messages/option.ts";
import {
  concatenated,
  stringOctets,
  textOctets,
  u16Octets,
  u32Octets,
} from "../../../../lib/nbd/messages/option_data.ts";
import { ReplyType } from "../../../../lib/nbd/messages/option_reply.ts";
import { RequestType } from "../../../../lib/nbd/messages/request.ts";
import { MemoryDevice } from "../../../../lib/block/memory.ts";
import { Export } from "../../../../lib/nbd/server/export.ts";
import { optionOctets, type RawNbdClient, requestOctets } from "../../../support/raw_nbd_client.ts";
import { TestNbdServer } from "../../../support/test_nbd_server.ts";

const decoder = new TextDecoder();
const NOTHING = new Uint8Array(0);

async function greeted(server: TestNbdServer): Promise<RawNbdClient> {
  const client = server.client();
  await client.greet();
  return client;
}

function infoRequest(exportName: string, ...requests: number[]): Uint8Array {
  return emitInfoRequest({ exportName, requests });
}

Deno.test("NBD_OPT_LIST tells every export with its description", async () => {
  const server = new TestNbdServer();
  const device = new MemoryDevice(512);
  server.server.exports.add(new Export({ name: "näxt", description: "the second", device }));
  const client = await greeted(server);
  const replies = await client.option(Option.LIST);
  assert.deepEqual(replies.map(({ type }) => type), [
    ReplyType.SERVER,
    ReplyType.SERVER,
    ReplyType.ACK,
  ]);
  assert.deepEqual(replies[1]!.data, concatenated(stringOctets("näxt"), textOctets("the second")));
  // "Option types": data is refused, and the connection goes on.
  assert.equal(await client.optionType(Option.LIST, Uint8Array.of(1)), ReplyType.ERR_INVALID);
  assert.equal(await client.optionType(Option.ABORT), ReplyType.ACK);
  await client.untilClosed();
});

Deno.test("NBD_OPT_LIST of a thousand long names comes whole, to a client that reads slowly", async () => {
  const server = new TestNbdServer();
  const device = new MemoryDevice(512);
  for (let i = 0; i < 1000; i++) {
    server.server.exports.add(new Export({ name: `${i}`.padStart(4096, "x"), device }));
  }
  const client = await greeted(server);
  const replies = await client.option(Option.LIST);
  assert.equal(replies.length, 1002);
  assert.equal(replies.at(-2)!.data.length, 4 + 4096);
  assert.equal(await client.optionType(Option.ABORT), ReplyType.ACK);
});

Deno.test("NBD_OPT_INFO tells what GO tells, and enters nothing", async () => {
  const server = new TestNbdServer({ export: { description: "ours" } });
  const client = await greeted(server);
  const all = infoRequest("disk", InfoType.NAME, InfoType.DESCRIPTION, InfoType.BLOCK_SIZE, 99);
  const told = await client.option(Option.INFO, all);
  assert.equal(told.at(-1)!.type, ReplyType.ACK);
  const infos = told.slice(0, -1).map(({ data }) => data);
  assert.deepEqual(infos.map((data) => data[1]), [0, 3, 1, 2]);
  assert.equal(decoder.decode(infos[2]!.subarray(2)), "disk");
  assert.equal(decoder.decode(infos[3]!.subarray(2)), "ours");
  assert.deepEqual(infos[1], concatenated(u16Octets(3), ...[1, 4096, 32 << 20].map(u32Octets)));
  assert.deepEqual(await client.option(Option.GO, all), told);
  const answer = await client.run({ type: RequestType.READ, length: 4 });
  assert.equal(answer.error, 0);
});

Deno.test("NBD_INFO_BLOCK_SIZE is told unasked where requests must be aligned", async () => {
  const server = new TestNbdServer({ export: { minimumBlockLength: 512 } });
  const client = await greeted(server);
  const replies = await client.option(Option.INFO, infoRequest("disk"));
  assert.deepEqual(replies.map(({ data }) => data[1]), [0, 3, undefined]);
});

Deno.test("the transmission flags are those of the export, with DF where replies are structured", async () => {
  const { SEND_DF, READ_ONLY, SEND_TRIM, SEND_WRITE_ZEROES, HAS_FLAGS } = TransmissionFlag;
  const flagsOf = async (readOnly: boolean, structured: boolean) => {
    const client = await greeted(new TestNbdServer({ export: { readOnly } }));
    if (structured) await client.option(Option.STRUCTURED_REPLY);
    const [info] = await client.option(Option.INFO, infoRequest("disk"));
    return new ExportInfo(info!.data).transmissionFlags;
  };
  const [plain, structured] = [await flagsOf(false, false), await flagsOf(false, true)];
  assert.equal(structured, plain | SEND_DF);
  assert.equal(plain & (READ_ONLY | SEND_TRIM | HAS_FLAGS), SEND_TRIM | HAS_FLAGS);
  const readOnly = await flagsOf(true, false);
  assert.equal(readOnly & (READ_ONLY | SEND_TRIM | SEND_WRITE_ZEROES), READ_ONLY);
});

Deno.test("NBD_OPT_EXPORT_NAME enters, with the reserved zeroes unless they were agreed away", async () => {
  for (const [flags, zeroes] of [[3, 0], [1, 124], [0, 124]] as const) {
    const client = new TestNbdServer().client();
    await client.greet(flags);
    await client.send(optionOctets(Option.EXPORT_NAME, textOctets("disk")));
    const reply = await client.take(10 + zeroes);
    assert.equal(new DataView(reply.buffer).getBigUint64(0), 1n << 20n);
    assert.deepEqual(reply.subarray(10), new Uint8Array(zeroes));
    assert.equal((await client.run({ type: RequestType.READ, length: 9 })).data.length, 9);
  }
});

Deno.test("contexts: listed by wildcard and by name, chosen by name, forgotten with another export", async () => {
  const server = new TestNbdServer();
  server.server.exports.add(new Export({ name: "other", device: new MemoryDevice(512) }));
  const client = await greeted(server);
  const ask = (option: number, ...queries: string[]) =>
    client.option(option, emitContextRequest({ exportName: "disk", queries }));
  assert.equal((await ask(Option.LIST_META_CONTEXT))[0]!.type, ReplyType.ERR_INVALID);
  assert.equal((await ask(Option.SET_META_CONTEXT))[0]!.type, ReplyType.ERR_INVALID);
  await client.option(Option.STRUCTURED_REPLY);
  client.structured = true;
  const listed = concatenated(u32Octets(0), textOctets("base:allocation"));
  for (const queries of [[], ["base:"], ["qemu:x", "base:allocation"]]) {
    assert.deepEqual((await ask(Option.LIST_META_CONTEXT, ...queries))[0]!.data, listed);
  }
  for (const queries of [["base:other"], ["x-mine:a"]]) {
    assert.equal((await ask(Option.LIST_META_CONTEXT, ...queries)).length, 1);
  }
  // A wildcard chooses nothing.
  for (const queries of [[], ["base:"], ["base:other", "x-mine:"]]) {
    assert.equal((await ask(Option.SET_META_CONTEXT, ...queries)).length, 1);
  }
  assert.equal((await ask(Option.SET_META_CONTEXT, "no colon"))[0]!.type, ReplyType.ERR_INVALID);
  assert.equal((await ask(Option.SET_META_CONTEXT, "base:allocation")).length, 2);
  await client.option(Option.GO, infoRequest("other"));
  assert.equal((await client.run({ type: RequestType.BLOCK_STATUS, length: 512 })).error, 22);
});

Deno.test("a choice of contexts that fails takes back the one before", async () => {
  const client = await greeted(new TestNbdServer());
  await client.option(Option.STRUCTURED_REPLY);
  client.structured = true;
  const choose = (exportName: string) =>
    client.optionType(
      Option.SET_META_CONTEXT,
      emitContextRequest({ exportName, queries: ["base:allocation"] }),
    );
  assert.equal(await choose("disk"), ReplyType.ACK);
  assert.equal(await choose("none"), ReplyType.ERR_UNKNOWN);
  await client.option(Option.GO, infoRequest("disk"));
  assert.equal((await client.run({ type: RequestType.BLOCK_STATUS, length: 512 })).error, 22);
});

Deno.test("B-42: names of every length are answered, or end the connection, and nothing else", async () => {
  const server = new TestNbdServer();
  for (const length of [0, 255, 256, 4096, 4097]) {
    const name = "n".repeat(length);
    const wanted = length > 4096 ? ReplyType.ERR_INVALID : ReplyType.ERR_UNKNOWN;
    const client = await greeted(server);
    await client.option(Option.STRUCTURED_REPLY);
    assert.equal(await client.optionType(Option.INFO, infoRequest(name)), wanted);
    assert.equal(await client.optionType(Option.GO, infoRequest(name)), wanted);
    const context = emitContextRequest({ exportName: name, queries: [] });
    assert.equal(await client.optionType(Option.SET_META_CONTEXT, context), wanted);
    assert.equal(await client.optionType(Option.LIST_META_CONTEXT, context), wanted);
    assert.equal(await client.optionType(Option.LIST), ReplyType.ACK);
    await client.send(optionOctets(Option.EXPORT_NAME, textOctets(name)));
    assert.equal((await client.untilClosed()).length, 0);
  }
  await server.idle();
  assert.deepEqual(server.lines("error"), []);
});

Deno.test("B-42: lengths inside an option that go beyond it are told invalid", async () => {
  const client = await greeted(new TestNbdServer());
  await client.option(Option.STRUCTURED_REPLY);
  const name = stringOctets("disk");
  const broken: [number, Uint8Array][] = [Option.INFO, Option.GO].flatMap((option) => [
    [option, NOTHING],
    [option, u32Octets(0xffff_ffff)],
    [option, concatenated(u32Octets(0xffff_ffff), textOctets("disk"))],
    [option, name], // no count
    [option, concatenated(name, u16Octets(1))],
    [option, concatenated(name, u16Octets(0xffff), u16Octets(3))],
    [option, concatenated(name, u16Octets(0), u16Octets(3))], // more than was counted
  ]);
  for (const option of [Option.LIST_META_CONTEXT, Option.SET_META_CONTEXT]) {
    broken.push(
      [option, NOTHING],
      [option, u32Octets(0xffff_ffff)],
      [option, concatenated(name, u32Octets(0xffff_ffff))],
      [option, concatenated(name, u32Octets(1), u32Octets(0xffff_ffff))],
      [option, concatenated(name, u32Octets(1), stringOctets("base:".padEnd(4097, "x")))],
      [option, concatenated(name, u32Octets(0), Uint8Array.of(0))],
    );
  }
  for (const [option, data] of broken) {
    assert.equal(await client.optionType(option, data), ReplyType.ERR_INVALID, data.toHex());
  }
});

Deno.test("B-43: an unknown option is skipped, up to 64 KiB of data; a longer one ends the connection", async () => {
  const server = new TestNbdServer({ limits: { optionsOfHandshake: 300 } });
  const client = await greeted(server);
  for (const length of [0, 1, 2047, 2048, 4096, 65_535, 65_536]) {
    for (const option of [0, 4, 11, 12, 0xffff_ffff]) {
      assert.equal(await client.optionType(option, new Uint8Array(length)), ReplyType.ERR_UNSUP);
    }
  }
  for (const length of [65_537, 2 ** 31, 0xffff_ffff]) {
    const long = await greeted(server);
    await long.send(optionOctets(Option.LIST, new Uint8Array(100), length));
    assert.equal((await long.untilClosed()).length, 0);
  }
  assert.equal(server.lines("warn").length, 3);
  assert.equal(await client.optionType(Option.ABORT), ReplyType.ACK);
});

Deno.test("B-43: a client that asks without end is sent away", async () => {
  const server = new TestNbdServer({ limits: { optionsOfHandshake: 8 } });
  const client = await greeted(server);
  for (let i = 0; i < 8; i++) await client.option(Option.LIST);
  await client.send(optionOctets(Option.LIST, NOTHING));
  assert.equal((await client.untilClosed()).length, 0);
});

Deno.test("B-45: the device is not touched before the transmission phase, whatever is negotiated", async () => {
  const device = new MemoryDevice(1 << 20);
  const touched: string[] = [];
  const watched = new Proxy(device, {
    get(target, key) {
      if (typeof Reflect.get(target, key) === "function") touched.push(String(key));
      const value = Reflect.get(target, key);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
  const server = new TestNbdServer({ device: watched });
  const client = await greeted(server);
  for (let option = 0; option < 16; option++) {
    if (option === Option.EXPORT_NAME || option === Option.ABORT || option === Option.GO) continue;
    await client.option(option, infoRequest("disk"));
    await client.option(option, emitContextRequest({ exportName: "disk", queries: ["base:"] }));
  }
  // Requests are no options, and end it.
  await client.send(requestOctets({ type: RequestType.WRITE, data: new Uint8Array(4096) }));
  await client.untilClosed();
  assert.deepEqual(touched, []);
});

Deno.test("B-45: every option in every order leaves a handshake that can be ended", async () => {
  const server = new TestNbdServer({ limits: { optionsOfHandshake: 1000 } });
  const options = [3, 5, 6, 8, 9, 10, 77];
  for (const first of options) {
    for (const second of options) {
      const client = await greeted(server);
      for (const option of [first, second]) {
        await client.option(option, NOTHING);
        await client.option(option, infoRequest("disk"));
        await client.option(option, emitContextRequest({ exportName: "disk", queries: [] }));
      }
      const go = await client.option(Option.GO, infoRequest("disk"));
      assert.equal(go.at(-1)!.type, ReplyType.ACK);
      client.structured = first === 8 || second === 8;
      assert.equal((await client.run({ type: RequestType.READ, length: 1 })).error, 0);
      await client.send(requestOctets({ type: RequestType.DISC }));
      await client.untilClosed();
      client.close();
    }
  }
  await server.idle();
  assert.deepEqual(server.lines("error"), []);
});

Deno.test("B-46: TLS is refused, with and without data, and everything goes on in the open", async () => {
  const client = await greeted(new TestNbdServer());
  assert.equal(await client.optionType(Option.STARTTLS), ReplyType.ERR_UNSUP);
  assert.equal(await client.optionType(Option.STARTTLS, Uint8Array.of(1)), ReplyType.ERR_UNSUP);
  const go = await client.option(Option.GO, infoRequest("disk"));
  assert.equal(go.at(-1)!.type, ReplyType.ACK);
});

Deno.test("client flags that are not known, and what is no NBD at all, end the connection", async () => {
  const server = new TestNbdServer();
  for (const flags of [4, 0x8000_0001, 0xffff_ffff]) {
    const client = server.client();
    await client.greet(flags);
    assert.equal((await client.untilClosed()).length, 0);
  }
  const browser = server.client();
  await browser.take(18);
  await browser.send(textOctets("GET / HTTP/1.1\r\n\r\n"));
  assert.equal((await browser.untilClosed()).length, 0);
  const confused = await greeted(server);
  await confused.send(textOctets("ihaveopt00000000"));
  assert.equal((await confused.untilClosed()).length, 0);
});

Deno.test("a client too many is told so; by name alone it is sent away", async () => {
  const server = new TestNbdServer({ limits: { connections: 1 } });
  const first = await server.entered();
  const second = await greeted(server);
  assert.equal(await second.optionType(Option.GO, infoRequest("disk")), ReplyType.ERR_POLICY);
  await second.send(optionOctets(Option.EXPORT_NAME, textOctets("disk")));
  assert.equal((await second.untilClosed()).length, 0);
  await first.send(requestOctets({ type: RequestType.DISC }));
  await first.untilClosed();
  first.close();
  await Promise.resolve();
  await server.entered();
});

Deno.test("who negotiates too long is dropped; who has entered may be silent for ever", async () => {
  const server = new TestNbdServer({ limits: { handshakeDeadlineMs: 5000 } });
  const entered = await server.entered();
  const slow = await greeted(server);
  server.clock.advance(4000);
  server.server.tickNow();
  assert.equal(server.server.connectionCount, 2);
  server.clock.advance(1_000_000);
  server.server.tickNow();
  assert.equal((await slow.untilClosed()).length, 0);
  assert.equal((await entered.run({ type: RequestType.READ, length: 1 })).error, 0);
});

Deno.test("an export that is withdrawn while it is being chosen is not entered", async () => {
  const server = new TestNbdServer();
  const client = await greeted(server);
  await server.server.withdraw(server.disk, { drainMs: 0 });
  assert.equal(await client.optionType(Option.GO, infoRequest("disk")), ReplyType.ERR_UNKNOWN);
});
