import assert from "node:assert/strict";
import { attribute } from "../../../lib/isns/attribute.ts";
import { Callers } from "../../../lib/isns/callers.ts";
import { FunctionId } from "../../../lib/isns/function_id.ts";
import { emitMessage, type Message } from "../../../lib/isns/message.ts";
import { bytePipe, type PipeEnd } from "../../support/byte_pipe.ts";
import { fakeSurroundings } from "../../support/fake_isns_server.ts";
import { turns } from "../../support/turns.ts";

const CHANGE: Message = {
  functionId: FunctionId.SCN,
  transactionId: 1,
  attributes: [attribute("iscsiName", "iqn.2026-01.org.example:host")],
};

/** Callers with a way to connect to them. */
async function listening() {
  const around = fakeSurroundings();
  let told = 0;
  let admit: (stream: PipeEnd) => void = () => assert.fail("nobody listens");
  const network = {
    ...around.network,
    dial: () => assert.fail("nobody is called"),
    listen(_address: string, take: (stream: PipeEnd) => void) {
      admit = take;
      return { port: 40_000, close: () => Promise.resolve() };
    },
  };
  const callers = new Callers({ ...around, network, listener: { told: () => told++ } });
  assert.equal(await callers.listen("192.0.2.4"), 40_000);
  const connect = (): PipeEnd => {
    const [theirs, ours] = bytePipe();
    admit(ours);
    return theirs;
  };
  return { ...around, callers, connect, told: () => told };
}

/** Whether the other end has closed the connection, whatever it said before. */
async function isClosed(stream: PipeEnd): Promise<boolean> {
  for (;;) {
    const ended = stream.read(new Uint8Array(65_536));
    const first = await Promise.race([ended, turns(200).then(() => "open" as const)]);
    if (first === "open" || first === null) return first === null;
  }
}

Deno.test("Callers hears what servers tell, and answers", async () => {
  const { callers, connect, told } = await listening();
  const stream = connect();
  await stream.write(emitMessage(CHANGE, "server"));
  await turns();
  assert.equal(told(), 1);
  const answer = new Uint8Array(1000);
  const length = (await stream.read(answer))!;
  assert.equal(answer.subarray(0, 4).toHex(), "00018008");
  assert.equal(answer.subarray(12, 16).toHex(), "00000000");
  assert.ok(length > 16);
  await callers.close();
  assert.equal(await isClosed(stream), true);
});

Deno.test("B-24: Callers closes on whoever does not speak iSNS, and on nobody else", async () => {
  const { callers, connect, told } = await listening();
  const good = connect();
  for (
    const text of [
      "GET / HTTP/1.1\r\n\r\n",
      "\0\x01\0\x08\xff\xff\x4c\0\0\x01\0\0",
      "\0\x01\0\x08\0\x08\x4c\0\0\x01\0\0\0\0\0\x20\xff\xff\xff\xfc",
    ]
  ) {
    const stream = connect();
    await stream.write(Uint8Array.from(text, (character) => character.charCodeAt(0)));
    assert.equal(await isClosed(stream), true, JSON.stringify(text));
  }
  await good.write(emitMessage(CHANGE, "server"));
  await turns();
  assert.equal(told(), 1);
  await callers.close();
});

Deno.test("Callers takes so many at a time, and lets the eldest go for others", async () => {
  const { callers, connect, limits } = await listening();
  const streams = Array.from({ length: limits.callers + 1 }, connect);
  await turns();
  assert.equal(await isClosed(streams[0]!), true);
  assert.equal(await isClosed(streams[1]!), false);
  assert.equal(await isClosed(streams.at(-1)!), false);
  await callers.close();
});

Deno.test("Callers lets whoever says nothing go", async () => {
  const { callers, connect, clock, limits } = await listening();
  const stream = connect();
  clock.advance(limits.callerIdleMs - 1);
  assert.equal(await isClosed(stream), false);
  clock.advance(1);
  assert.equal(await isClosed(stream), true);
  await callers.close();
});

Deno.test("Callers holds no more answers than it may for whoever does not take them", async () => {
  const { callers, connect, told, limits } = await listening();
  const stream = connect();
  stream.stopTaking();
  const one = emitMessage(CHANGE, "server");
  const many = new Uint8Array(one.length * 100);
  for (let at = 0; at < 100; at++) many.set(one, at * one.length);
  for (let i = 0; i < 1000; i++) {
    await stream.write(many);
    await turns(10);
  }
  // An answer has some 60 octets.
  assert.ok(told() * 60 < 2 * limits.unsentLength, `${told()} questions were taken`);
  assert.ok(told() < 100_000);
  await callers.close();
});

Deno.test("Callers does without where the machine has no port to give", async () => {
  const around = fakeSurroundings();
  const network = {
    dial: () => assert.fail("nobody is called"),
    listen() {
      throw new Deno.errors.AddrNotAvailable("Cannot assign requested address");
    },
  };
  const callers = new Callers({ ...around, network, listener: {} });
  assert.equal(await callers.listen("192.0.2.4"), undefined);
  await callers.close();
});
