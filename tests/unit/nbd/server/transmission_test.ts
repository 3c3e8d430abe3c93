import assert from "node:assert/strict";
import { type BlockDevice, DeviceError, type Extent } from "../../../../lib/block/device.ts";
import { FaultyDevice } from "../../../../lib/block/faulty.ts";
import { MemoryDevice } from "../../../../lib/block/memory.ts";
import { NbdError } from "../../../../lib/nbd/nbd_error.ts";
import { CommandFlag, RequestType } from "../../../../lib/nbd/messages/request.ts";
import { GatedDevice } from "../../../support/gated_device.ts";
import { type RawNbdClient, requestOctets } from "../../../support/raw_nbd_client.ts";
import { TestNbdServer } from "../../../support/test_nbd_server.ts";

const { READ, WRITE, DISC, FLUSH, TRIM, CACHE, WRITE_ZEROES, BLOCK_STATUS } = RequestType;
const HOLE_AND_ZERO = 3;
const BOTH = [false, true] as const;

/** Octets that tell where they belong. */
function pattern(length: number, seed = 1): Uint8Array<ArrayBuffer> {
  const octets = new Uint8Array(length);
  for (let i = 0; i < length; i++) octets[i] = (i * 31 + (i >> 8) * 7 + seed) & 0xff;
  return octets;
}

function write(client: RawNbdClient, offset: number, data: Uint8Array, flags = 0) {
  return client.run({ type: WRITE, offset, data, flags });
}

async function read(client: RawNbdClient, offset: number, length: number): Promise<Uint8Array> {
  const answer = await client.run({ type: READ, offset, length });
  assert.equal(answer.error, 0);
  return answer.data;
}

Deno.test("what is written is read, at every length, with simple and with structured replies", async () => {
  for (const simple of BOTH) {
    const client = await new TestNbdServer({ size: 8 << 20 }).entered({ simple });
    for (const length of [0, 1, 511, 2048, 4096, 65_536, 300_001, 1 << 20, 3 << 20]) {
      const data = pattern(length, length);
      assert.equal((await write(client, 777, data)).error, 0, `${length}`);
      assert.deepEqual(await read(client, 777, length), data, `${length}`);
    }
  }
});

Deno.test("slow devices serve the same, with several requests under way", async () => {
  for (const simple of BOTH) {
    const device = new FaultyDevice(new MemoryDevice(8 << 20));
    device.neverNow = true;
    const client = await new TestNbdServer({ device }).entered({ simple });
    const data = pattern(5 << 20);
    assert.equal((await write(client, 4097, data)).error, 0);
    const asked = [];
    for (let i = 0; i < 20; i++) {
      const length = 1 + i * 50_000;
      asked.push(await client.ask({ type: READ, offset: 4097 + i, length, cookie: 100 + i }));
    }
    const answers = new Map<number, Uint8Array>();
    while (answers.size < asked.length) {
      const { cookie, data } = await client.answer();
      answers.set(cookie, data);
    }
    for (let i = 0; i < 20; i++) {
      assert.deepEqual(answers.get(100 + i), data.subarray(i, i + 1 + i * 50_000));
    }
  }
});

Deno.test("long reads of a thin device tell holes, and no octet of them is sent", async () => {
  const client = await new TestNbdServer({ size: 4 << 20 }).entered();
  await write(client, 1 << 20, pattern(4096));
  const answer = await client.run({ type: READ, offset: 1 << 19, length: 2 << 20 });
  assert.equal(answer.holes, (2 << 20) - 4096);
  const wanted = new Uint8Array(2 << 20);
  wanted.set(pattern(4096), 1 << 19);
  assert.deepEqual(answer.data, wanted);
});

Deno.test("a read that must not be fragmented has one chunk, holes and all, or is too long", async () => {
  const client = await new TestNbdServer({ size: 4 << 20 }).entered();
  await write(client, 65_536, pattern(512));
  const flags = CommandFlag.DF;
  const answer = await client.run({ type: READ, flags, offset: 32_768, length: 65_536 });
  assert.deepEqual([answer.chunks, answer.holes, answer.error], [1, 0, 0]);
  const long = await client.run({ type: READ, flags, length: 65_537 });
  assert.deepEqual([long.chunks, long.error], [1, NbdError.EOVERFLOW]);
  // Behind others, where it has to wait for room.
  for (let i = 0; i < 10; i++) await client.ask({ type: READ, flags, length: 65_536 });
  for (let i = 0; i < 10; i++) assert.equal((await client.answer()).chunks, 1);
});

Deno.test("FUA and FLUSH answer when the medium has it, and not before", async () => {
  const device = new GatedDevice(new MemoryDevice(1 << 20));
  const client = await new TestNbdServer({ device }).entered();
  device.hold("flush");
  const waiting = [
    { type: FLUSH },
    { type: WRITE, data: pattern(512), flags: CommandFlag.FUA },
    { type: TRIM, length: 512, flags: CommandFlag.FUA },
    { type: WRITE_ZEROES, length: 512, flags: CommandFlag.FUA },
  ];
  const cookies = [];
  for (const request of waiting) cookies.push(await client.ask(request));
  await device.waiting(4);
  assert.equal((await write(client, 0, pattern(9))).error, 0); // others pass them by
  device.releaseAll();
  const answered = [];
  for (let i = 0; i < 4; i++) answered.push((await client.answer()).cookie);
  assert.deepEqual(answered.toSorted(), cookies);
});

Deno.test("TRIM gives space back on a thin device, and is not known on another", async () => {
  const device = new MemoryDevice(1 << 20);
  const client = await new TestNbdServer({ device }).entered();
  await write(client, 0, pattern(1 << 18));
  assert.equal((await client.run({ type: TRIM, length: 1 << 18 })).error, 0);
  assert.equal(device.allocated, 0);
  const thick = await new TestNbdServer({ device: thickened(new MemoryDevice(4096)) }).entered();
  assert.equal((await thick.run({ type: TRIM, length: 512 })).error, NbdError.EINVAL);
});

/** Of which nothing is known but that all of it may be data. */
function thickened(device: MemoryDevice): BlockDevice {
  return new Proxy(device, {
    get(target, key) {
      if (key === "can") return { write: true, unmap: false };
      const value = Reflect.get(target, key);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
}

Deno.test("WRITE_ZEROES unmaps, or provisions where it must, and is fast only where it is", async () => {
  const { NO_HOLE, FAST_ZERO } = CommandFlag;
  const device = new MemoryDevice(1 << 20);
  const client = await new TestNbdServer({ device }).entered();
  const zero = (flags: number) => client.run({ type: WRITE_ZEROES, length: 1 << 18, flags });
  await write(client, 0, pattern(1 << 18));
  assert.equal((await zero(FAST_ZERO | NO_HOLE)).error, NbdError.ENOTSUP);
  assert.deepEqual(await read(client, 0, 1 << 18), pattern(1 << 18));
  assert.equal((await zero(NO_HOLE)).error, 0);
  assert.equal(device.allocated, 1 << 18);
  assert.deepEqual(await read(client, 0, 1 << 18), new Uint8Array(1 << 18));
  assert.equal((await zero(FAST_ZERO)).error, 0);
  assert.equal(device.allocated, 0);
  const thick = await new TestNbdServer({ device: thickened(new MemoryDevice(1 << 20)) }).entered();
  await write(thick, 0, pattern(4096));
  const fast = { type: WRITE_ZEROES, length: 4096, flags: FAST_ZERO };
  assert.equal((await thick.run(fast)).error, NbdError.ENOTSUP);
  assert.deepEqual(await read(thick, 0, 4096), pattern(4096));
  assert.equal((await thick.run({ type: WRITE_ZEROES, length: 4096 })).error, 0);
  assert.deepEqual(await read(thick, 0, 4096), new Uint8Array(4096));
});

Deno.test("BLOCK_STATUS tells data and holes, one of them where one is asked for", async () => {
  const client = await new TestNbdServer({ size: 1 << 20 }).entered();
  await write(client, 65_536, pattern(4096));
  const status = async (offset: number, length: number, flags = 0) =>
    (await client.run({ type: BLOCK_STATUS, offset, length, flags })).extents;
  assert.deepEqual(await status(0, 1 << 20), [
    { length: 65_536, status: HOLE_AND_ZERO },
    { length: 4096, status: 0 },
    { length: (1 << 20) - 65_536 - 4096, status: HOLE_AND_ZERO },
  ]);
  assert.deepEqual(await status(0, 1 << 20, CommandFlag.REQ_ONE), [
    { length: 65_536, status: HOLE_AND_ZERO },
  ]);
  assert.deepEqual(await status(65_537, 9), [{ length: 9, status: 0 }]);
  const thick = await new TestNbdServer({ device: thickened(new MemoryDevice(4096)) }).entered();
  const answer = await thick.run({ type: BLOCK_STATUS, length: 4096 });
  assert.deepEqual(answer.extents, [{ length: 4096, status: 0 }]);
});

/** A thin device of nearly 4 GiB and more, of which nothing is ever there. */
class HugeDevice extends FaultyDevice {
  constructor(readonly length: number, readonly runs: (offset: number, end: number) => Extent[]) {
    super(new MemoryDevice(512));
  }

  override get size(): number {
    return this.length;
  }

  override extents(offset: number, length: number, limit: number): Promise<Extent[]> {
    return Promise.resolve(this.runs(offset, offset + length).slice(0, limit));
  }
}

Deno.test("B-47: the status of nearly 4 GiB covers what was asked for, and never more", async () => {
  const alternating = (offset: number, end: number) => {
    const runs: Extent[] = [];
    for (let at = offset; at < end; at += 1 << 18) {
      const length = Math.min(1 << 18, end - at);
      runs.push({ offset: at, length, mapped: (at / (1 << 18)) % 2 < 1 });
    }
    return runs;
  };
  const whole = (offset: number, end: number) => [{ offset, length: end - offset, mapped: false }];
  for (const runs of [alternating, whole]) {
    const device = new HugeDevice(2 ** 33, runs);
    const client = await new TestNbdServer({ device }).entered();
    for (const length of [0xffff_ffff, 0xffff_f000, 0x8000_0000, 512]) {
      for (const offset of [0, 512, 2 ** 33 - length]) {
        for (const flags of [0, CommandFlag.REQ_ONE]) {
          const answer = await client.run({ type: BLOCK_STATUS, offset, length, flags });
          const sum = answer.extents.reduce((total, extent) => total + extent.length, 0);
          assert.ok(answer.extents.length >= 1 && sum <= length && sum > 0);
          if (flags !== 0) assert.equal(answer.extents.length, 1);
        }
      }
    }
    const beyond = { type: BLOCK_STATUS, offset: 2 ** 33 - 511, length: 512 };
    assert.equal((await client.run(beyond)).error, NbdError.EINVAL);
  }
});

Deno.test("CACHE reads what is asked for, and tells what cannot be read", async () => {
  const device = new FaultyDevice(new MemoryDevice(1 << 20));
  const client = await new TestNbdServer({ device }).entered();
  assert.equal((await client.run({ type: CACHE, length: 1 << 20 })).error, 0);
  device.inject({ operation: "read", kind: "medium", nth: 2 });
  assert.equal((await client.run({ type: CACHE, length: 1 << 20 })).error, NbdError.EIO);
});

Deno.test("DISC: what was asked before is answered, then the server closes", async () => {
  const device = new GatedDevice(new MemoryDevice(1 << 20));
  const server = new TestNbdServer({ device });
  const client = await server.entered();
  device.hold("read");
  const cookie = await client.ask({ type: READ, length: 4096 });
  await client.ask({ type: DISC });
  await client.ask({ type: READ, length: 1 });
  await device.waiting(1);
  device.releaseAll();
  assert.equal((await client.answer()).cookie, cookie);
  assert.equal((await client.untilClosed()).length, 0);
  client.close();
  await server.idle();
});

Deno.test("requests wait in their socket while as many as are allowed are under way", async () => {
  const device = new GatedDevice(new MemoryDevice(1 << 20));
  const server = new TestNbdServer({ device, limits: { requestsOfConnection: 4 } });
  const client = await server.entered();
  device.hold("read");
  for (let i = 0; i < 10; i++) await client.ask({ type: READ, offset: i, length: 1 });
  await device.waiting(4);
  device.releaseAll();
  const cookies = new Set<number>();
  for (let i = 0; i < 10; i++) cookies.add((await client.answer()).cookie);
  assert.equal(cookies.size, 10);
});

Deno.test("A143: a slow medium holds no more of what is written than is allowed", async () => {
  const device = new GatedDevice(new MemoryDevice(1 << 26));
  const most = 1 << 20;
  const server = new TestNbdServer({ device, limits: { pendingWriteOctetsOfConnection: most } });
  const client = await server.entered();
  device.hold("write");
  let accepted = 0;
  const sending = (async () => {
    for (let i = 0; i < 32; i++) {
      await client.ask({ type: WRITE, offset: i << 18, data: pattern(1 << 18, i) });
      accepted++;
    }
  })();
  await device.waiting(4);
  device.releaseAll();
  await sending;
  for (let i = 0; i < 32; i++) assert.equal((await client.answer()).error, 0);
  assert.equal(accepted, 32);
  assert.deepEqual(await read(client, 31 << 18, 1 << 18), pattern(1 << 18, 31));
});

Deno.test("B-48: every failure of the device reaches the client, at whichever piece it happens", async () => {
  const kinds = [
    ["no-space", NbdError.ENOSPC],
    ["medium", NbdError.EIO],
    ["fenced", NbdError.EIO],
    ["gone", NbdError.EIO],
    ["read-only", NbdError.EPERM],
  ] as const;
  for (const neverNow of BOTH) {
    for (const simple of BOTH) {
      const inner = new MemoryDevice(4 << 20);
      const device = new FaultyDevice(inner);
      device.neverNow = neverNow;
      const client = await new TestNbdServer({ device }).entered({ simple });
      for (const [kind, error] of kinds) {
        for (const nth of [1, 2]) {
          const before = await read(client, 2 << 20, 512);
          device.inject({ operation: "write", kind, nth });
          const answer = await write(client, 0, pattern(2 << 20));
          assert.equal(answer.error, error);
          assert.equal(answer.message !== "", !simple);
          assert.deepEqual(await read(client, 2 << 20, 512), before);
        }
        // What was in its place before the failure of a read is of no use to anybody.
        await write(client, 0, pattern(3 << 20));
        device.inject({ operation: "read", kind, nth: simple ? 1 : 2 });
        assert.equal((await client.run({ type: READ, length: 3 << 20 })).error, error);
        device.inject({ operation: "unmap", kind });
        assert.equal((await client.run({ type: WRITE_ZEROES, length: 512 })).error, error);
        assert.deepEqual(await read(client, 0, 3 << 20), pattern(3 << 20));
      }
    }
  }
});

Deno.test("B-48: once a flush has failed nothing more is taken, by any connection", async () => {
  const device = new FaultyDevice(new MemoryDevice(1 << 20));
  const server = new TestNbdServer({ device });
  const client = await server.entered();
  const other = await server.entered({ simple: true });
  await write(client, 0, pattern(512));
  device.inject({ operation: "flush", kind: "medium" });
  for (const each of [client, other]) {
    assert.equal((await each.run({ type: FLUSH })).error, NbdError.EIO);
    assert.equal((await write(each, 0, pattern(512, 2))).error, NbdError.EIO);
    assert.equal((await write(each, 0, pattern(512, 2), CommandFlag.FUA)).error, NbdError.EIO);
    assert.equal((await each.run({ type: WRITE_ZEROES, length: 512 })).error, NbdError.EIO);
    assert.equal((await each.run({ type: TRIM, length: 512 })).error, NbdError.EIO);
    assert.deepEqual(await read(each, 0, 512), pattern(512));
  }
});

Deno.test("a read-only export refuses everything that writes, and takes no data for an answer", async () => {
  const server = new TestNbdServer({ export: { readOnly: true } });
  const client = await server.entered();
  for (const type of [WRITE, TRIM, WRITE_ZEROES]) {
    const data = type === WRITE ? pattern(70_000) : new Uint8Array(0);
    const answer = await client.run({ type, length: 70_000, data });
    assert.equal(answer.error, NbdError.EPERM);
  }
  assert.equal((await client.run({ type: FLUSH })).error, 0);
  assert.deepEqual(await read(client, 0, 512), new Uint8Array(512));
});

Deno.test("a request without its magic ends the connection", async () => {
  const server = new TestNbdServer();
  const client = await server.entered();
  await client.send(requestOctets({ type: READ, length: 1, magic: 0x25609514 }));
  assert.equal((await client.untilClosed()).length, 0);
  assert.deepEqual(server.lines("warn"), ["protocol error: a request without its magic"]);
});

Deno.test("our own mistake in a device ends the connection, and tells where", async () => {
  const device = new FaultyDevice(new MemoryDevice(1 << 20));
  device.flush = () => Promise.reject(new TypeError("ours"));
  const server = new TestNbdServer({ device });
  const client = await server.entered();
  await client.ask({ type: FLUSH });
  assert.equal((await client.untilClosed()).length, 0);
  assert.deepEqual(server.lines("error"), ["internal error: ours"]);
});

Deno.test("a device that grows is told to clients that come after", async () => {
  let size = 1 << 20;
  const inner = new MemoryDevice(2 << 20);
  const device = new Proxy(inner, {
    get(target, key) {
      if (key === "size") return size;
      const value = Reflect.get(target, key);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
  const server = new TestNbdServer({ device });
  assert.equal((await server.client().enter("disk")).size, 1 << 20);
  size = 2 << 20;
  assert.equal((await server.client().enter("disk")).size, 2 << 20);
});

Deno.test("an export is what can be said of it: sizes of blocks, lengths of names", () => {
  const device = new MemoryDevice(512);
  for (const minimumBlockLength of [0, 3, 1 << 17, 1.5]) {
    assert.throws(() => new TestNbdServer({ device, export: { minimumBlockLength } }), RangeError);
  }
  for (const name of ["n".repeat(4097), "a\0b", "ä".repeat(2049)]) {
    assert.throws(() => new TestNbdServer({ device, export: { name } }), RangeError);
  }
  assert.throws(() => {
    const server = new TestNbdServer({ limits: { exports: 1 } });
    server.server.exports.add(server.disk);
  }, RangeError);
  assert.ok(new DeviceError("gone", "") instanceof Error);
});
