import assert from "node:assert/strict";
import type { Engine } from "../../../lib/net/engine.ts";
import { Pump } from "../../../lib/net/pump.ts";
import type { ByteStream } from "../../../lib/runtime/byte_stream.ts";
import { BufferPool } from "../../../lib/wire/buffer_pool.ts";
import { Inbox } from "../../../lib/wire/inbox.ts";
import { Outbox } from "../../../lib/wire/outbox.ts";

function pool(): BufferPool {
  return new BufferPool(65_536, 4096, 4, 4);
}

/** Answers each octet with the same octet. */
class Echo implements Engine {
  readonly inbox = new Inbox(256, pool());
  readonly outbox = new Outbox(pool());
  isClosed = false;
  isEnding = false;
  isBlocked = false;
  isIdle = true;
  reason: string | undefined;
  wake = () => {};

  receive(): boolean {
    const { inbox, outbox } = this;
    const count = inbox.available;
    if (count > 0) {
      const at = outbox.reserve(count, 0);
      outbox.octets.set(inbox.octets.subarray(inbox.start, inbox.end), at);
      inbox.take(count);
    }
    return true;
  }

  drained(): void {
    this.outbox.drained();
  }

  close(reason: string): void {
    this.isClosed = true;
    this.reason ??= reason;
    this.wake();
  }

  release(): void {
    this.inbox.close();
    this.outbox.close();
  }
}

/** A stream that notes how each octet went; what is in `ready` is there without waiting. */
class Recorded implements ByteStream {
  readonly how: string[] = [];
  readonly written: number[] = [];
  ready: number[] = [];
  /** Octets that a write takes without waiting. */
  mostNow = Infinity;
  readonly #waiting: PromiseWithResolvers<number | null>[] = [];
  #into: Uint8Array | undefined;
  #queued: number[] = [];

  readNow(into: Uint8Array): number {
    const octet = this.ready.shift();
    if (octet === undefined) return 0;
    this.how.push("read now");
    into[0] = octet;
    return 1;
  }

  writeNow(octets: Uint8Array): number {
    const count = Math.min(octets.length, this.mostNow);
    if (count > 0) this.how.push("write now");
    this.written.push(...octets.subarray(0, count));
    return count;
  }

  read(into: Uint8Array): Promise<number | null> {
    const waiting = Promise.withResolvers<number | null>();
    this.#into = into;
    this.#waiting.push(waiting);
    const octet = this.#queued.shift();
    if (octet !== undefined) this.#deliver(octet);
    return waiting.promise;
  }

  write(octets: Uint8Array): Promise<number> {
    this.how.push("write");
    this.written.push(...octets);
    return Promise.resolve(octets.length);
  }

  /** An octet comes by way of the event loop. */
  deliver(octet: number): void {
    if (this.#waiting.length > 0) this.#deliver(octet);
    else this.#queued.push(octet);
  }

  #deliver(octet: number): void {
    this.how.push("read");
    this.#into![0] = octet;
    this.#waiting.shift()!.resolve(1);
  }

  end(): void {
    this.#waiting.shift()!.resolve(null);
  }

  closeWrite(): Promise<void> {
    return Promise.resolve();
  }

  close(): void {}
}

interface Ground {
  readonly stream: Recorded;
  readonly engine: Echo;
  end(): Promise<void>;
}

function pumped(): Ground {
  const stream = new Recorded();
  const engine = new Echo();
  const pump = new Pump(stream, engine, () => 0);
  engine.wake = () => pump.wake();
  const running = pump.run();
  const end = async () => {
    await settled();
    stream.end();
    await running;
    assert.equal(engine.reason, "closed by the peer");
  };
  return { stream, engine, end };
}

function settled(): Promise<void> {
  return new Promise((then) => setImmediate(then));
}

/** As many turns as make it alone. */
async function alone({ stream }: Ground): Promise<void> {
  for (let turn = 0; turn < 9; turn++) {
    stream.deliver(turn);
    await settled();
  }
}

Deno.test("what has come while a connection is alone is read without the event loop", async () => {
  const ground = pumped();
  await alone(ground);
  const { stream } = ground;
  stream.ready = [100];
  stream.deliver(50);
  await settled();
  assert.deepEqual(stream.how.slice(-4), ["read", "write now", "read now", "write now"]);
  assert.deepEqual(stream.written.slice(-2), [50, 100]);
  await ground.end();
});

Deno.test("nothing is read without the event loop while another connection gets turns", async () => {
  const [one, other] = [pumped(), pumped()];
  for (let turn = 0; turn < 20; turn++) {
    one.stream.ready = [1];
    one.stream.deliver(turn);
    other.stream.deliver(turn);
    await settled();
  }
  assert.ok(!one.stream.how.includes("read now"));
  await one.end();
  await other.end();
});

Deno.test("an engine with work under way is not kept from the event loop", async () => {
  const ground = pumped();
  await alone(ground);
  ground.engine.isIdle = false;
  ground.stream.ready = [100];
  ground.stream.deliver(50);
  await settled();
  assert.ok(!ground.stream.how.includes("read now"));
  await ground.end();
});

Deno.test("what does not fit at once is written behind what did, in order", async () => {
  const ground = pumped();
  const { stream, engine } = ground;
  stream.mostNow = 3;
  const at = engine.outbox.reserve(8, 0);
  engine.outbox.octets.set([1, 2, 3, 4, 5, 6, 7, 8], at);
  engine.wake();
  await settled();
  assert.deepEqual(stream.how, ["write now", "write"]);
  assert.deepEqual(stream.written, [1, 2, 3, 4, 5, 6, 7, 8]);
  await ground.end();
});

Deno.test("an engine that always has more to send lets others have their turn after 512 KiB", async () => {
  const ground = pumped();
  const { stream, engine } = ground;
  const length = 32 << 10;
  let batches = 0;
  engine.drained = () => {
    engine.outbox.drained();
    if (++batches < 40) engine.outbox.reserve(length, 0);
  };
  engine.outbox.reserve(length, 0);
  engine.wake();
  assert.equal(stream.how.filter((how) => how === "write now").length, 16);
  await settled();
  assert.equal(stream.written.length, 40 * length);
  assert.equal(stream.how.filter((how) => how === "write").length, 24);
  await ground.end();
});

Deno.test("what comes in two pieces is no sign of a peer that sends ahead", async () => {
  const ground = pumped();
  await alone(ground);
  const { stream, engine } = ground;
  // The first of two octets is left in the inbox until the second is there.
  const receive = engine.receive.bind(engine);
  engine.receive = () => engine.inbox.available % 2 === 1 || receive();
  for (let request = 0; request < 3; request++) {
    stream.ready = [1];
    stream.deliver(0);
    await settled();
  }
  assert.equal(stream.how.filter((how) => how === "read now").length, 3);
  await ground.end();
});

for (const isEager of [false, true]) {
  const what = isEager ? "goes on being taken without the event loop" : "is left to gather";
  Deno.test(`what a peer sends ahead of ${isEager ? "an eager" : "another"} engine ${what}`, async () => {
    const ground = pumped();
    await alone(ground);
    const { stream, engine } = ground;
    Object.assign(engine, { isEager });
    for (let turn = 0; turn < 3; turn++) {
      stream.ready = [1];
      stream.deliver(0);
      await settled();
    }
    assert.equal(stream.how.filter((how) => how === "read now").length, isEager ? 3 : 1);
    await ground.end();
  });
}
