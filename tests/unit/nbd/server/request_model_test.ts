/** Requests of every kind against plain octets and exact numbers: what is answered, what changes. */
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import fc from "fast-check";
import { FaultyDevice } from "../../../../lib/block/faulty.ts";
import { MemoryDevice } from "../../../../lib/block/memory.ts";
import { NbdError } from "../../../../lib/nbd/nbd_error.ts";
import { CommandFlag, RequestType } from "../../../../lib/nbd/messages/request.ts";
import type { RawRequest } from "../../../support/raw_nbd_client.ts";
import { TestNbdServer } from "../../../support/test_nbd_server.ts";

const SIZE = 1 << 20;
const BLOCK = 512;
const MOST = 256 << 10;

const { EINVAL, EPERM, ENOSPC, EOVERFLOW, ENOTSUP } = NbdError;
const { FUA, NO_HOLE, DF, REQ_ONE, FAST_ZERO } = CommandFlag;
const { READ, WRITE, DISC, FLUSH, TRIM, CACHE, WRITE_ZEROES, BLOCK_STATUS } = RequestType;

interface Asked {
  readonly type: number;
  readonly flags: number;
  readonly offset: number;
  readonly length: number;
  readonly seed: number;
}

/** Numbers where things go wrong. */
const edges = [0, 1, 511, 512, 513, 4096, 65_536, 65_537, MOST, MOST + 1, SIZE - 512, SIZE];
const far = [SIZE + 1, 2 ** 31, 2 ** 32 - 1];
const offsets = fc.oneof(
  fc.constantFrom(...edges, ...far, 2 ** 32, 2 ** 53 - 1, 2 ** 63, 2 ** 64 - 2048),
  fc.nat(SIZE / BLOCK).map((block) => block * BLOCK),
);
const lengths = fc.oneof(
  fc.constantFrom(...edges),
  fc.nat(64).map((blocks) => blocks * BLOCK),
);
const anyRequest: fc.Arbitrary<Asked> = fc.record({
  type: fc.oneof(
    { weight: 9, arbitrary: fc.constantFrom(READ, WRITE, FLUSH, TRIM, CACHE, WRITE_ZEROES) },
    { weight: 2, arbitrary: fc.constantFrom(BLOCK_STATUS, 8, 9, 0xffff) },
  ),
  flags: fc.oneof(
    { weight: 3, arbitrary: fc.constant(0) },
    { weight: 2, arbitrary: fc.constantFrom(FUA, NO_HOLE, DF, REQ_ONE, FAST_ZERO, 0x20, 0x8000) },
    { weight: 1, arbitrary: fc.nat(63) },
  ),
  offset: offsets,
  length: lengths,
  seed: fc.nat(255),
});

const KNOWN_FLAGS: Readonly<Record<number, number>> = {
  [READ]: DF,
  [WRITE]: 0,
  [FLUSH]: 0,
  [TRIM]: 0,
  [CACHE]: 0,
  [WRITE_ZEROES]: NO_HOLE | FAST_ZERO,
  [BLOCK_STATUS]: REQ_ONE,
};

interface Terms {
  readonly readOnly: boolean;
  readonly simple: boolean;
}

/** What doc/proto.md asks of a request, counted exactly. */
function wantedError({ type, flags, offset, length }: Asked, terms: Terms): number {
  const known = KNOWN_FLAGS[type];
  if (known === undefined || (flags & ~(known | FUA)) !== 0) return EINVAL;
  if ((flags & DF) !== 0 && terms.simple) return EINVAL;
  if (type === FLUSH) return offset === 0 && length === 0 ? 0 : EINVAL;
  const writes = type === WRITE || type === TRIM || type === WRITE_ZEROES;
  if (writes && terms.readOnly) return EPERM;
  if (type === BLOCK_STATUS && terms.simple) return EINVAL;
  if ((type === READ || type === WRITE) && length > MOST) return EINVAL;
  if (BigInt(offset) + BigInt(length) > BigInt(SIZE)) {
    return type === WRITE || type === WRITE_ZEROES ? ENOSPC : EINVAL;
  }
  if (offset % BLOCK !== 0 || length % BLOCK !== 0) return EINVAL;
  if (type === BLOCK_STATUS && length === 0) return EINVAL;
  if (type === READ && (flags & DF) !== 0 && length > 65_536) return EOVERFLOW;
  if (type === WRITE_ZEROES && (flags & FAST_ZERO) !== 0 && (flags & NO_HOLE) !== 0) return ENOTSUP;
  return 0;
}

function rawRequest({ type, flags, offset, length, seed }: Asked): RawRequest {
  // Whatever is wrong with a write, its data follows it.
  const data = type === WRITE ? { data: new Uint8Array(length).fill(seed) } : {};
  return { type, flags, offset, length, ...data };
}

async function follow(requests: readonly Asked[], terms: Terms, neverNow: boolean): Promise<void> {
  const device = new FaultyDevice(new MemoryDevice(SIZE));
  device.neverNow = neverNow;
  const server = new TestNbdServer({
    device,
    limits: { payloadLength: MOST },
    export: { readOnly: terms.readOnly, minimumBlockLength: BLOCK },
  });
  const client = await server.entered({ simple: terms.simple });
  const model = new Uint8Array(SIZE);
  for (const asked of requests) {
    const { type, offset, length, seed } = asked;
    const answer = await client.run(rawRequest(asked));
    assert.equal(answer.error, wantedError(asked, terms));
    if (answer.error !== 0) continue;
    if (type === WRITE) model.fill(seed, offset, offset + length);
    if (type === WRITE_ZEROES || type === TRIM) model.fill(0, offset, offset + length);
    if (type === READ) {
      assert.equal(Buffer.compare(answer.data, model.subarray(offset, offset + length)), 0);
    }
    if (type === BLOCK_STATUS) {
      const sum = answer.extents.reduce((total, extent) => total + extent.length, 0);
      assert.ok(sum > 0 && sum <= length);
    }
  }
  const whole = await client.run({ type: READ, offset: 0, length: MOST });
  assert.equal(Buffer.compare(whole.data, model.subarray(0, MOST)), 0);
  await client.ask({ type: DISC });
  assert.equal((await client.untilClosed()).length, 0);
  client.close();
  await server.idle();
  assert.deepEqual([server.lines("warn"), server.lines("error")], [[], []]);
  assert.deepEqual(server.server.lent, { buffers: 0, octets: 0 });
}

Deno.test("B-49: every request is answered as exact numbers say, and the connection stays usable", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(anyRequest, { minLength: 1, maxLength: 40 }),
      fc.record({ readOnly: fc.boolean(), simple: fc.boolean() }),
      fc.boolean(),
      follow,
    ),
    { numRuns: 150 },
  );
});
