/** Both sides of NBD with peers that say anything. */
import assert from "node:assert/strict";
import { DeviceError } from "../../lib/block/device.ts";
import { MemoryDevice } from "../../lib/block/memory.ts";
import { NbdOpenError } from "../../lib/nbd/client/open_error.ts";
import { CHUNK_MAGIC } from "../../lib/nbd/messages/reply.ts";
import { RequestType } from "../../lib/nbd/messages/request.ts";
import { Export } from "../../lib/nbd/server/export.ts";
import type { ByteStream } from "../../lib/runtime/byte_stream.ts";
import { Chance } from "../support/chance.ts";
import { GatedDevice } from "../support/gated_device.ts";
import type { RawNbdClient } from "../support/raw_nbd_client.ts";
import { chooseSeed } from "../support/seeded_random.ts";
import { TestNbdLink } from "../support/test_nbd_link.ts";
import { TestNbdServer } from "../support/test_nbd_server.ts";
import { EXPORT_SIZE, NbdMaker } from "./nbd_maker.ts";

/** `SANCTL_TEST_SEED=n` repeats a run; `SANCTL_FUZZ_NBD=n` makes it longer. */
const CASES = Number(Deno.env.get("SANCTL_FUZZ_NBD") ?? 3000);
const CASES_OF_A_GROUND = 50;
/** Chunks carry no more than a request may have, and a little of their own. */
const MOST_PAYLOAD = (32 << 20) + 64;

function fuzz(
  count: number,
  name: string,
  run: (chance: Chance, cases: number) => Promise<void>,
): void {
  Deno.test(`nbd: ${count} ${name}`, async () => {
    let seed = chooseSeed();
    for (let left = count; left > 0; left -= CASES_OF_A_GROUND, seed = (seed + 1) >>> 0) {
      try {
        await run(new Chance(seed), Math.min(left, CASES_OF_A_GROUND));
      } catch (error) {
        const reason = error instanceof Error ? error.message : String(error);
        throw new Error(`with SANCTL_TEST_SEED=${seed}: ${reason}`, { cause: error });
      }
    }
  });
}

fuzz(
  CASES,
  "connections that negotiate anything harm nobody",
  (chance, cases) =>
    attack(chance, cases, async (client, maker) => {
      await client.take(18);
      if (chance.in100(95)) {
        await client.send(Uint8Array.of(0, 0, 0, chance.one([0, 1, 2, 3, 3, 255])));
      }
      for (let count = chance.between(1, 12); count > 0; count--) await client.send(maker.option());
    }),
);

fuzz(
  CASES,
  "connections that ask for anything harm nobody",
  (chance, cases) =>
    attack(chance, cases, async (client, maker) => {
      await client.enter(chance.one(["disk", "disk", "ro"]), { simple: chance.in100(30) });
      let isSound = client.structured;
      for (let count = chance.between(1, 30); count > 0; count--) {
        const request = maker.request();
        isSound &&= request.isSound;
        await sendInPieces(client, request.octets, chance);
      }
      await turns(5);
      if (isSound) await readChunks(client);
    }),
);

/** One server; a good client of it notices nothing of the others. */
async function attack(
  chance: Chance,
  cases: number,
  run: (client: RawNbdClient, maker: NbdMaker) => Promise<void>,
): Promise<void> {
  const device = new GatedDevice(new MemoryDevice(EXPORT_SIZE));
  const ground = new TestNbdServer({ device });
  const untouchable = new MemoryDevice(EXPORT_SIZE);
  ground.server.exports.add(new Export({ name: "ro", device: untouchable, readOnly: true }));
  const goodDevice = new MemoryDevice(EXPORT_SIZE);
  ground.server.exports.add(new Export({ name: "good", device: goodDevice }));
  const good = ground.client("good");
  await good.enter("good");
  for (let each = 0; each < cases; each++) {
    if (chance.in100(15)) device.hold(chance.one(["read", "write", "flush"]));
    const client = ground.client();
    // Whoever is dropped in the middle of it finds its stream closed.
    await run(client, new NbdMaker(chance)).catch(ignoreClosed);
    await keepGood(good, chance);
    if (chance.in100(50)) device.releaseAll();
    if (chance.in100(80)) client.close();
    if (each % 10 === 0) ground.clock.advance(1000), ground.server.tickNow();
  }
  device.releaseAll();
  await turns(50);
  good.close();
  await ground.server.close({ drainMs: 0 });
  await ground.idle();
  assert.deepEqual(ground.lines("error"), []);
  assert.deepEqual(ground.server.lent, { buffers: 0, octets: 0 });
  assert.equal(ground.server.connectionCount, 0);
  const octets = new Uint8Array(EXPORT_SIZE);
  untouchable.readNow(0, octets, 0, octets.length);
  assert.ok(octets.every((octet) => octet === 0), "nothing was written to what is read-only");
}

async function keepGood(good: RawNbdClient, chance: Chance): Promise<void> {
  const offset = chance.below(EXPORT_SIZE - 4096);
  const data = chance.octets(chance.between(1, 4096));
  assert.equal((await good.run({ type: RequestType.WRITE, offset, data })).error, 0);
  const found = await good.run({ type: RequestType.READ, offset, length: data.length });
  assert.deepEqual(found.data, data);
}

async function sendInPieces(client: RawNbdClient, octets: Uint8Array, chance: Chance) {
  const cut = chance.in100(30) ? chance.below(octets.length + 1) : 0;
  if (cut > 0) await client.send(octets.subarray(0, cut));
  await client.send(octets.subarray(cut));
}

/** What has come is chunks, each as long as it says. */
async function readChunks(client: RawNbdClient): Promise<void> {
  client.close();
  const octets = await client.untilClosed();
  const view = new DataView(octets.buffer, octets.byteOffset, octets.length);
  for (let at = 0; at + 20 <= octets.length;) {
    // Requests without data have simple replies too: doc/proto.md, "Structured replies".
    if (view.getUint32(at) !== CHUNK_MAGIC) {
      assert.equal(view.getUint32(at), 0x6744_6698, `at ${at} there is no reply`);
      at += 16;
      continue;
    }
    const payload = view.getUint32(at + 16);
    assert.ok(payload <= MOST_PAYLOAD, `a chunk of ${payload} octets`);
    at += 20 + payload;
  }
}

function ignoreClosed(error: unknown): void {
  if (error instanceof Deno.errors.BrokenPipe) return;
  if (error instanceof assert.AssertionError && error.message === "the server has closed") return;
  throw error;
}

async function turns(count: number): Promise<void> {
  for (let i = 0; i < count; i++) await new Promise((then) => setImmediate(then));
}

fuzz(
  CASES / 2,
  "servers whose octets come wrong leave the client with an answer",
  async (chance, cases) => {
    for (let each = 0; each < cases; each++) await useWrongServer(chance);
  },
);

async function useWrongServer(chance: Chance): Promise<void> {
  const link = new TestNbdLink({ size: EXPORT_SIZE });
  const rate = chance.one([20, 200, 2000, 20_000]);
  link.onDial = (stream) => new WrongStream(stream, chance, rate);
  const work = use(link, chance);
  let isOver = false;
  work.finally(() => isOver = true).catch(() => undefined);
  for (let passed = 0; passed < 600 && !isOver; passed++) await link.pass(1000);
  assert.ok(isOver, "whatever the server says, what was asked for ends");
  await work;
  link.cut();
  for (const line of link.log) assert.doesNotMatch(line, /assert|undefined is not/i);
}

async function use(link: TestNbdLink, chance: Chance): Promise<void> {
  try {
    const limits = { connections: 1, patienceMs: 5000 };
    const device = await link.open(limits, { seed: chance.u32() });
    try {
      for (let count = chance.between(1, 20); count > 0; count--) {
        const offset = chance.below(EXPORT_SIZE - 70_000);
        const length = chance.between(1, 65_536);
        const octets = new Uint8Array(length);
        await chance.one([
          () => device.read(offset, octets, 0, length),
          () => device.write(offset, octets, 0, length),
          () => device.flush(),
          () => device.unmap(offset, length),
          () => device.extents(offset, length, 16),
        ])();
      }
    } finally {
      await device.close();
    }
  } catch (error) {
    if (error instanceof DeviceError || error instanceof NbdOpenError) return;
    throw error;
  }
}

/** Of what is read of it, one octet in so many is another. */
class WrongStream implements ByteStream {
  readonly #inner: ByteStream;
  readonly #chance: Chance;
  readonly #rate: number;

  constructor(inner: ByteStream, chance: Chance, rate: number) {
    this.#inner = inner;
    this.#chance = chance;
    this.#rate = rate;
  }

  async read(into: Uint8Array): Promise<number | null> {
    const count = await this.#inner.read(into);
    if (count === null) return null;
    const wrong = Math.floor(count / this.#rate) +
      Number(this.#chance.below(this.#rate) < count % this.#rate);
    for (let i = 0; i < Math.min(wrong, 8); i++) {
      into[this.#chance.below(count)] = this.#chance.u32();
    }
    return count;
  }

  write(octets: Uint8Array): Promise<number> {
    return this.#inner.write(octets);
  }

  closeWrite(): Promise<void> {
    return this.#inner.closeWrite();
  }

  close(): void {
    this.#inner.close();
  }
}
