/** Octets of a device one after another, and how far they came when something broke. */
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { DeviceError } from "../../../lib/block/device.ts";
import { MemoryDevice } from "../../../lib/block/memory.ts";
import { readRun, RunBroken, writeRun } from "../../../lib/block/octet_run.ts";

const MIB = 1 << 20;
const SIZE = 8 * MIB;

/** Transfers that touch the octet fail. */
class BrokenAt extends MemoryDevice {
  broken = Infinity;

  #check(offset: number, length: number): void {
    if (offset + length > this.broken) throw new DeviceError("medium", "broken");
  }

  override async read(offset: number, into: Uint8Array, at: number, length: number): Promise<void> {
    this.#check(offset, length);
    await super.read(offset, into, at, length);
  }

  override async write(offset: number, from: Uint8Array, at: number, length: number) {
    this.#check(offset, length);
    await super.write(offset, from, at, length);
  }
}

function pattern(length: number): Uint8Array {
  return Uint8Array.from({ length }, (_, at) => (at * 7 + (at >> 12)) & 0xff);
}

/** Gives at most so many octets at once, as pipes do. */
function giver(octets: Uint8Array, most: number): (into: Uint8Array) => Promise<number> {
  let at = 0;
  return (into) => {
    const piece = octets.subarray(at, at + Math.min(most, into.length));
    into.set(piece);
    at += piece.length;
    return Promise.resolve(piece.length);
  };
}

Deno.test("what writeRun() wrote readRun() gives back, whatever pieces it came in", async () => {
  const data = pattern(3 * MIB + 17);
  for (const most of [1000, 65_536, 5 * MIB]) {
    const device = new MemoryDevice(SIZE);
    const run = { offset: 513, length: SIZE - 513 };
    assert.equal(await writeRun(device, run, giver(data, most)), data.length);
    const parts: Uint8Array[] = [];
    await readRun(device, { offset: 513, length: data.length }, (octets) => {
      parts.push(octets);
      return Promise.resolve();
    });
    assert.equal(Buffer.compare(Buffer.concat(parts), data), 0);
  }
});

Deno.test("writeRun() takes no more than its length", async () => {
  const give = giver(pattern(2 * MIB), 4096);
  assert.equal(await writeRun(new MemoryDevice(SIZE), { offset: 0, length: 5000 }, give), 5000);
  assert.equal(await give(new Uint8Array(1)), 1, "the next octet is still there");
});

Deno.test("a run that breaks says exactly what is done", async () => {
  const device = new BrokenAt(SIZE);
  device.broken = 3.5 * MIB;
  const written = writeRun(device, { offset: MIB, length: 7 * MIB }, giver(pattern(SIZE), 9999));
  await assert.rejects(written, (error) => error instanceof RunBroken && error.done === 2 * MIB);
  let taken = 0;
  const read = readRun(device, { offset: MIB, length: 7 * MIB }, (octets) => {
    taken += octets.length;
    return Promise.resolve();
  });
  await assert.rejects(read, (error) => error instanceof RunBroken && error.done === taken);
  assert.equal(taken, 2 * MIB);
});

Deno.test("an abort ends a run between two pieces, and a source's failure ends it too", async () => {
  const abort = new AbortController();
  const options = { offset: 0, length: SIZE, signal: abort.signal };
  const progress = (done: number) => done >= 2 * MIB && abort.abort();
  const run = writeRun(
    new MemoryDevice(SIZE),
    { ...options, progress },
    giver(pattern(SIZE), SIZE),
  );
  await assert.rejects(run, (error) => error instanceof RunBroken && error.done === 2 * MIB);
  const failing = () => Promise.reject(new Error("no more"));
  const none = writeRun(new MemoryDevice(SIZE), { offset: 0, length: 10 }, failing);
  await assert.rejects(none, (error) => error instanceof RunBroken && error.done === 0);
});
