import assert from "node:assert/strict";
import { directSocket } from "../../../lib/net/direct_socket.ts";
import { socketNumber } from "../../../lib/net/socket_number.ts";
import type { ByteStream } from "../../../lib/runtime/byte_stream.ts";
import { libc } from "../../../lib/runtime/libc.ts";

const system = libc();
const ignore = system === undefined;

interface Pair extends Disposable {
  readonly near: Deno.TcpConn;
  readonly far: Deno.TcpConn;
}

/** Both ends of a connection over an address of this machine. */
async function connect(hostname: string, listenOn = hostname): Promise<Pair> {
  const listener = Deno.listen({ hostname: listenOn, port: 0 });
  const [near, far] = await Promise.all([
    Deno.connect({ hostname, port: listener.addr.port }),
    listener.accept(),
  ]);
  listener.close();
  return {
    near,
    far,
    [Symbol.dispose]: () => {
      for (const end of [near, far]) {
        try {
          end.close();
        } catch { /* closed by the test */ }
      }
    },
  };
}

function numberOf({ localAddr, remoteAddr }: Deno.TcpConn): number | undefined {
  return socketNumber(system!, localAddr, remoteAddr);
}

/** Waits for something to come, without the event loop's being asked for it. */
async function arrival(stream: ByteStream, into: Uint8Array): Promise<number> {
  for (;;) {
    const count = stream.readNow!(into);
    if (count > 0) return count;
    await new Promise((then) => setImmediate(then));
  }
}

for (const [hostname, listenOn] of [["127.0.0.1"], ["::1"], ["127.0.0.1", "::"]] as const) {
  Deno.test({
    name: `each end of a connection to ${hostname} at ${listenOn ?? hostname} has its own number`,
    ignore,
    async fn() {
      using one = await connect(hostname, listenOn);
      using other = await connect(hostname, listenOn);
      const numbers = [one.near, one.far, other.near, other.far].map(numberOf);
      assert.equal(new Set(numbers).size, 4);
      assert.ok(numbers.every((number) => number !== undefined));
      // The kernel's own word on it: what is sent through the number comes out at the other end.
      const sent = system!.send(numbers[0]!, Uint8Array.of(7), 1n, 0);
      assert.equal(sent, 1);
      const octets = new Uint8Array(4);
      assert.equal(await one.far.read(octets), 1);
      assert.equal(octets[0], 7);
    },
  });
}

Deno.test({
  name: "a connection that is no longer there has no number",
  ignore,
  async fn() {
    using pair = await connect("127.0.0.1");
    const { localAddr, remoteAddr } = pair.near;
    pair.near.close();
    await pair.far.read(new Uint8Array(1));
    assert.equal(socketNumber(system!, localAddr, remoteAddr), undefined);
  },
});

Deno.test({
  name: "what has come is read at once, and nothing is read when nothing has",
  ignore,
  async fn() {
    using pair = await connect("127.0.0.1");
    const stream = directSocket(pair.near);
    const into = new Uint8Array(16);
    assert.equal(stream.readNow!(into), 0);
    await pair.far.write(Uint8Array.of(1, 2, 3));
    assert.equal(await arrival(stream, into), 3);
    assert.deepEqual(into.subarray(0, 3), Uint8Array.of(1, 2, 3));
    stream.close();
  },
});

Deno.test({
  name: "a read that waits gets what comes after reads that did not wait",
  ignore,
  async fn() {
    using pair = await connect("127.0.0.1");
    const stream = directSocket(pair.near);
    const into = new Uint8Array(16);
    for (let round = 0; round < 50; round++) {
      const waiting = stream.read(into);
      await pair.far.write(Uint8Array.of(round, 0));
      assert.equal(await waiting, 2);
      assert.equal(into[0], round);
      await pair.far.write(Uint8Array.of(round, 1));
      assert.equal(await arrival(stream, into), 2);
      assert.equal(into[1], 1);
    }
    stream.close();
  },
});

Deno.test({
  name: "what fits is written at once, and what does not is left",
  ignore,
  async fn() {
    using pair = await connect("127.0.0.1");
    const stream = directSocket(pair.near);
    const octets = new Uint8Array(64 << 20).fill(5);
    const count = stream.writeNow!(octets);
    assert.ok(count > 0 && count < octets.length, `${count}`);
    let received = 0;
    const into = new Uint8Array(1 << 20);
    while (received < count) received += (await pair.far.read(into))!;
    assert.equal(received, count);
    stream.close();
  },
});

Deno.test({
  name: "the end and a broken connection are told by the calls that wait",
  ignore,
  async fn() {
    using pair = await connect("127.0.0.1");
    const stream = directSocket(pair.near);
    pair.far.close();
    assert.equal(await stream.read(new Uint8Array(4)), null);
    assert.equal(stream.readNow!(new Uint8Array(4)), 0);
    await assert.rejects(async () => {
      for (;;) if (stream.writeNow!(new Uint8Array(4)) === 0) await stream.write(new Uint8Array(4));
    }, Error);
    stream.close();
  },
});

Deno.test({
  name: "nothing goes to a descriptor that was closed, whoever has its number now",
  ignore,
  async fn() {
    using pair = await connect("127.0.0.1");
    const number = numberOf(pair.near);
    const stream = directSocket(pair.near);
    stream.close();
    using next = await connect("127.0.0.1");
    assert.ok([next.near, next.far].map(numberOf).includes(number));
    assert.equal(stream.writeNow!(Uint8Array.of(9)), 0);
    assert.equal(stream.readNow!(new Uint8Array(1)), 0);
  },
});
