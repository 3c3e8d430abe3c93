/** Clients that go away, stall, come in floods, or talk nonsense. */
import assert from "node:assert/strict";
import { FaultyDevice } from "../../../../lib/block/faulty.ts";
import { MemoryDevice } from "../../../../lib/block/memory.ts";
import { emitContextRequest } from "../../../../lib/nbd/messages/context_request.ts";
import { emitInfoRequest } from "../../../../lib/nbd/messages/info_request.ts";
import { Option } from "../../../../lib/nbd/messages/option.ts";
import { concatenated, u32Octets } from "../../../../lib/nbd/messages/option_data.ts";
import { RequestType } from "../../../../lib/nbd/messages/request.ts";
import { Chance } from "../../../support/chance.ts";
import { GatedDevice } from "../../../support/gated_device.ts";
import { optionOctets, RawNbdClient, requestOctets } from "../../../support/raw_nbd_client.ts";
import { chooseSeed } from "../../../support/seeded_random.ts";
import { TestNbdServer } from "../../../support/test_nbd_server.ts";

const { READ, WRITE, DISC, FLUSH, TRIM, WRITE_ZEROES, BLOCK_STATUS } = RequestType;
const NOTHING = new Uint8Array(0);

/**
 * Everything that a client of good manners says, from its first octet to its last; no request
 * depends on another.
 */
function conversation(): Uint8Array {
  const context = emitContextRequest({ exportName: "disk", queries: ["base:allocation"] });
  const info = emitInfoRequest({ exportName: "disk", requests: [3] });
  return concatenated(
    u32Octets(3),
    optionOctets(Option.STRUCTURED_REPLY, NOTHING),
    optionOctets(Option.LIST, NOTHING),
    optionOctets(Option.SET_META_CONTEXT, context),
    optionOctets(99, new Uint8Array(30)),
    optionOctets(Option.INFO, info),
    optionOctets(Option.GO, info),
    requestOctets({ type: WRITE, data: new Uint8Array(700).fill(7), cookie: 1 }),
    requestOctets({ type: READ, offset: 8192, length: 700, cookie: 2 }),
    requestOctets({ type: FLUSH, cookie: 3 }),
    requestOctets({ type: TRIM, offset: 16_384, length: 512, cookie: 4 }),
    requestOctets({ type: WRITE_ZEROES, offset: 32_768, length: 100, flags: 2, cookie: 5 }),
    requestOctets({ type: BLOCK_STATUS, offset: 65_536, length: 4096, cookie: 6 }),
    requestOctets({ type: 77, length: 4096, cookie: 7 }),
    requestOctets({ type: WRITE, offset: 2 ** 40, data: new Uint8Array(100), cookie: 8 }),
    requestOctets({ type: DISC }),
  );
}

/** Says part of it in pieces; what came back, when the server has nothing more to say. */
async function say(server: TestNbdServer, octets: Uint8Array, piece: () => number) {
  const stream = server.connect();
  const client = new RawNbdClient(stream);
  for (let at = 0; at < octets.length;) {
    const length = Math.min(piece(), octets.length - at);
    await client.send(octets.subarray(at, at + length));
    at += length;
    await new Promise((turn) => setImmediate(turn));
  }
  await stream.closeWrite();
  const said = await client.untilClosed();
  client.close();
  await server.idle();
  return said;
}

function assertNothingLeft(server: TestNbdServer): void {
  assert.deepEqual(server.lines("error"), []);
  assert.deepEqual(server.server.lent, { buffers: 0, octets: 0 });
  assert.equal(server.server.connectionCount, 0);
}

for (const neverNow of [false, true]) {
  const how = neverNow ? " of a slow device" : "";
  Deno.test(`a conversation${how} is answered alike, whole and octet by octet`, async () => {
    const fresh = () => {
      const device = new FaultyDevice(new MemoryDevice(1 << 20));
      device.neverNow = neverNow;
      return new TestNbdServer({ device });
    };
    const octets = conversation();
    const one = await say(fresh(), octets, () => 1);
    // Replies of several requests may change places where these come at once: their sum does not.
    const whole = await say(fresh(), octets, () => octets.length);
    assert.equal(whole.length, one.length);
    assert.deepEqual(whole.toSorted(), one.toSorted());
    const chance = new Chance(chooseSeed());
    for (let i = 0; i < 20; i++) {
      const cut = await say(fresh(), octets, () => 1 + chance.below(200));
      assert.deepEqual(cut.toSorted(), one.toSorted());
    }
  });

  Deno.test(`B-44: a client${how} that goes at any octet leaves nothing behind`, async () => {
    const octets = conversation();
    const device = new FaultyDevice(new MemoryDevice(1 << 20));
    device.neverNow = neverNow;
    const server = new TestNbdServer({ device });
    for (let length = 0; length <= octets.length; length++) {
      const stream = server.connect();
      await stream.write(octets.subarray(0, length));
      if (length % 2 === 0) await new Promise((turn) => setImmediate(turn));
      stream.close();
      await server.idle();
    }
    assertNothingLeft(server);
    const client = await server.entered();
    assert.equal((await client.run({ type: READ, length: 512 })).error, 0);
  });

  Deno.test(`B-44: junk at any octet${how} ends its own connection alone`, async () => {
    const octets = conversation();
    const device = new FaultyDevice(new MemoryDevice(1 << 20));
    device.neverNow = neverNow;
    const server = new TestNbdServer({ device });
    const witness = await server.entered();
    const chance = new Chance(chooseSeed());
    for (let at = 0; at < octets.length; at += 1 + chance.below(3)) {
      const bad = octets.slice();
      bad[at]! ^= 1 << chance.below(8);
      const stream = server.connect();
      await stream.write(bad);
      await stream.write(chance.octets(chance.below(100)));
      await new Promise((turn) => setImmediate(turn));
      stream.close();
    }
    const answer = await witness.run({ type: READ, offset: 1 << 19, length: 4096 });
    assert.equal(answer.error, 0);
    witness.close();
    await server.idle();
    assertNothingLeft(server);
  });
}

Deno.test("B-44: a thousand who say nothing keep nobody out, and the oldest make way", async () => {
  const server = new TestNbdServer({
    limits: { connectionsInHandshake: 100, connectionsInHandshakeFromOneAddress: 60 },
  });
  const first = server.client("flood 0");
  for (let i = 0; i < 1000; i++) server.connect(`flood ${i % 4}`);
  assert.equal(server.server.connectionCount > 0, true);
  await first.untilClosed();
  const client = await server.entered();
  assert.equal((await client.run({ type: READ, length: 1 })).error, 0);
  assert.ok(server.server.connectionCount <= 101);
  await server.server.close({ drainMs: 0 });
  assertNothingLeft(server);
});

Deno.test("B-44: a server that stops with a hundred clients answers them and leaves nothing", async () => {
  const device = new GatedDevice(new MemoryDevice(1 << 20));
  const server = new TestNbdServer({ device });
  const clients = await Promise.all(Array.from({ length: 100 }, () => server.entered()));
  const negotiating = Array.from({ length: 20 }, () => server.client());
  device.hold("write");
  device.hold("flush");
  for (const client of clients) {
    await client.ask({ type: WRITE, data: new Uint8Array(512).fill(1) });
    await client.ask({ type: FLUSH });
  }
  await device.waiting(200);
  const stopped = server.server.close({ drainMs: 10_000 });
  device.releaseAll();
  for (const client of clients) {
    for (let i = 0; i < 2; i++) assert.equal((await client.answer()).error, 0);
    assert.equal((await client.untilClosed()).length, 0);
    client.close();
  }
  for (const client of negotiating) await client.untilClosed();
  await stopped;
  assertNothingLeft(server);
});

Deno.test("B-44: a server that stops does not wait for clients longer than it is given", async () => {
  const device = new GatedDevice(new MemoryDevice(1 << 20));
  const server = new TestNbdServer({ device });
  const stalled = server.connect();
  const client = new RawNbdClient(stalled);
  await client.enter("disk");
  stalled.stopTaking();
  await client.ask({ type: READ, length: 4096 });
  const half = await server.entered();
  await half.send(requestOctets({ type: WRITE, data: new Uint8Array(10), length: 512 }));
  const stopped = server.server.close({ drainMs: 5000 });
  await new Promise((turn) => setImmediate(turn));
  server.clock.advance(5000);
  await stopped;
  assertNothingLeft(server);
});

Deno.test("an export is withdrawn when its device is left alone, and others go on", async () => {
  const device = new GatedDevice(new MemoryDevice(1 << 20));
  const server = new TestNbdServer({ device });
  const client = await server.entered();
  device.hold("write");
  await client.ask({ type: WRITE, data: new Uint8Array(512) });
  await device.waiting(1);
  let isWithdrawn = false;
  const withdrawn = server.server.withdraw(server.disk, { drainMs: 0 })
    .then(() => isWithdrawn = true);
  await client.untilClosed();
  await new Promise((turn) => setImmediate(turn));
  assert.equal(isWithdrawn, false);
  device.releaseAll();
  await withdrawn;
  assert.equal(server.server.clientsOf(server.disk), 0);
});

Deno.test("a client that takes nothing is dropped after a while, and holds little until then", async () => {
  const device = new FaultyDevice(new MemoryDevice(64 << 20));
  for (const simple of [false, true]) {
    for (const neverNow of [false, true]) {
      device.neverNow = neverNow;
      const server = new TestNbdServer({ device, limits: { heldOctetsOfConnection: 1 << 20 } });
      const stream = server.connect();
      const client = new RawNbdClient(stream);
      await client.enter("disk", { simple });
      stream.stopTaking();
      for (let i = 0; i < 64; i++) await client.ask({ type: READ, length: 400_000 });
      for (let i = 0; i < 20; i++) await new Promise((turn) => setImmediate(turn));
      assert.ok(server.server.lent.octets <= 1 << 20, `${server.server.lent.octets}`);
      assert.ok(server.server.lent.buffers <= 3);
      server.clock.advance(61_000);
      server.server.tickNow();
      await server.idle();
      assertNothingLeft(server);
    }
  }
});

Deno.test("what all clients together may make us hold is shared, and each has its turn", async () => {
  const device = new FaultyDevice(new MemoryDevice(8 << 20));
  device.neverNow = true;
  const server = new TestNbdServer({ device, limits: { heldOctets: 1 << 20 } });
  const clients = await Promise.all(
    Array.from({ length: 8 }, () => server.entered({ simple: true })),
  );
  const length = 900_000;
  for (const client of clients) {
    for (let i = 0; i < 3; i++) await client.ask({ type: READ, length });
  }
  await Promise.all(clients.map(async (client) => {
    for (let i = 0; i < 3; i++) assert.equal((await client.answer()).data.length, length);
  }));
  assert.equal(server.server.lent.octets, 0);
});
