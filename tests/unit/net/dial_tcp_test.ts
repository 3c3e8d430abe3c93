import assert from "node:assert/strict";
import { type DialOptions, dialTcp } from "../../../lib/net/dial_tcp.ts";

/** With what the dialler would have said. */
class Failure extends Error {
  constructor(readonly reason: string, readonly next: string, options: ErrorOptions) {
    super(reason, options);
  }
}

function dial(port: number, options: Partial<DialOptions> = {}) {
  return dialTcp(
    { host: "127.0.0.1", port },
    { timeoutMs: 10_000, ...options },
    ({ reason, next }, cause) => new Failure(reason, next, cause),
  );
}

/** A port where nobody listens any more. */
function freePort(): number {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return listener.addr.port;
}

for (const sourceAddress of [undefined, "127.0.0.2"]) {
  const from = sourceAddress ?? "127.0.0.1";
  Deno.test(`dialTcp: a connection from ${from} knows both its ends, and carries octets`, async () => {
    using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    const { port } = listener.addr;
    const [dialled, peer] = await Promise.all([dial(port, { sourceAddress }), listener.accept()]);
    const { stream, localAddress, localPort, remoteAddress, remotePort } = dialled;
    const { hostname, port: peerPort } = peer.remoteAddr as Deno.NetAddr;
    assert.deepEqual([localAddress, localPort], [hostname, peerPort]);
    assert.deepEqual([remoteAddress, remotePort], ["127.0.0.1", port]);
    assert.equal(localAddress, from);
    assert.equal(await stream.write(Uint8Array.of(1, 2, 3)), 3);
    const came = new Uint8Array(8);
    assert.equal(await peer.read(came), 3);
    assert.deepEqual([...came.subarray(0, 3)], [1, 2, 3]);
    stream.close();
    assert.equal(await peer.read(came), null);
    peer.close();
  });

  Deno.test(`dialTcp: where nobody listens, one from ${from} fails with that, and the cause`, async () => {
    await assert.rejects(dial(freePort(), { sourceAddress }), (error: Failure) => {
      assert.equal(error.reason, "nothing listens there");
      assert.match(error.next, /check that the service there runs, and its port/);
      return error.cause instanceof Error;
    });
  });
}

Deno.test("dialTcp: an address that this machine has not is the caller's mistake, not the peer's", async () => {
  await assert.rejects(dial(freePort(), { sourceAddress: "203.0.113.9" }), {
    reason: "the source address is not one of this machine",
    next: "name an address that an adapter of this machine has",
  });
});

Deno.test({
  name: "dialTcp: no answer in time says how long was waited for one",
  ignore: Deno.build.os !== "linux", // Others refuse where this one keeps silent.
  async fn() {
    using listener = Deno.listen({ hostname: "127.0.0.1", port: 0, tcpBacklog: 1 });
    const { port } = listener.addr;
    // As many as may wait to be taken in, and one.
    const waiting = [await dial(port), await dial(port)];
    await assert.rejects(dial(port, { timeoutMs: 20 }), {
      reason: "no answer within 20 ms",
      next: "check the network between, and the firewalls",
    });
    for (const { stream } of waiting) stream.close();
  },
});
