/** A device checked against plain octets: random operations, each compared with a model. */
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import fc from "fast-check";
import type { BlockDevice, Extent } from "../../../lib/block/device.ts";

export type Step =
  | { do: "read" | "write" | "unmap" | "extents"; offset: number; length: number; seed: number }
  | { do: "flush" };

/** Steps inside a device of `size` octets, in multiples of `unit`, `longest` octets at most. */
export function steps(size: number, unit: number, longest: number): fc.Arbitrary<Step[]> {
  const place = fc.tuple(
    fc.nat(Math.floor(size / unit)),
    fc.integer({ min: 0, max: Math.floor(longest / unit) }),
  ).map(([at, count]) => {
    const offset = at * unit;
    return { offset, length: Math.min(count * unit, size - offset) };
  });
  return fc.array(
    fc.oneof(
      { weight: 4, arbitrary: ranged("write", place) },
      { weight: 4, arbitrary: ranged("read", place) },
      { weight: 2, arbitrary: ranged("unmap", place) },
      { weight: 2, arbitrary: ranged("extents", place) },
      { weight: 1, arbitrary: fc.constant<Step>({ do: "flush" }) },
    ),
    { minLength: 1, maxLength: 40 },
  );
}

function ranged(
  name: "read" | "write" | "unmap" | "extents",
  place: fc.Arbitrary<{ offset: number; length: number }>,
): fc.Arbitrary<Step> {
  return fc.tuple(place, fc.nat(255)).map(([range, seed]) => ({ do: name, seed, ...range }));
}

/** Plain octets that the device must equal. */
export class DeviceModel {
  readonly octets: Uint8Array;
  readonly #now: boolean;

  /** `now` false: nothing is done at once, even where it could be. */
  constructor(readonly device: BlockDevice, now = true) {
    this.octets = new Uint8Array(device.size);
    this.#now = now;
  }

  async apply(step: Step): Promise<void> {
    if (step.do === "flush") return await this.device.flush();
    const { offset, length } = step;
    if (step.do === "write") {
      const from = pattern(length + 7, step.seed);
      if (this.#now) await writeAll(this.device, offset, from, 7, length);
      else await this.device.write(offset, from, 7, length);
      this.octets.set(from.subarray(7), offset);
    } else if (step.do === "read") {
      const into = new Uint8Array(length + 5).fill(0xee);
      if (this.#now) await readAll(this.device, offset, into, 3, length);
      else await this.device.read(offset, into, 3, length);
      assert.deepEqual(into.subarray(3, 3 + length), this.octets.subarray(offset, offset + length));
      assert.deepEqual([...into.subarray(0, 3), ...into.subarray(3 + length)], Array(5).fill(0xee));
    } else if (step.do === "unmap") {
      await this.device.unmap(offset, length);
      this.octets.fill(0, offset, offset + length);
    } else {
      const limit = 1 + step.seed % 9;
      this.#checkExtents(step, limit, await this.device.extents(offset, length, limit));
    }
  }

  /** Reads the whole device once more. */
  async checkAll(): Promise<void> {
    const into = new Uint8Array(this.device.size);
    await readAll(this.device, 0, into, 0, into.length);
    assert.ok(Buffer.compare(into, this.octets) === 0, "the device differs from the model");
  }

  #checkExtents(
    asked: { offset: number; length: number },
    limit: number,
    runs: Extent[],
  ): void {
    const end = asked.offset + asked.length;
    let at = asked.offset;
    for (const [index, run] of runs.entries()) {
      assert.equal(run.offset, at, "runs have no gap");
      assert.ok(run.length > 0, "no run is empty");
      if (index > 0) assert.notEqual(run.mapped, runs[index - 1]!.mapped, "runs are maximal");
      at += run.length;
      assert.ok(at <= end, "runs stay in the range");
      if (run.mapped) continue;
      const octets = this.octets.subarray(run.offset, at);
      assert.ok(octets.every((octet) => octet === 0), "what is not mapped reads as zeros");
    }
    assert.ok(runs.length <= limit);
    if (runs.length < limit) assert.equal(at, end, "runs reach the end");
  }
}

/** Reads at once where the device does so, else asynchronously, as a target does. */
export async function readAll(
  device: BlockDevice,
  offset: number,
  into: Uint8Array,
  at = 0,
  length = into.length,
): Promise<void> {
  if (!device.readNow(offset, into, at, length)) await device.read(offset, into, at, length);
}

/** Writes at once where the device does so, else asynchronously, as a target does. */
export async function writeAll(
  device: BlockDevice,
  offset: number,
  from: Uint8Array,
  at = 0,
  length = from.length,
): Promise<void> {
  if (!device.writeNow(offset, from, at, length)) await device.write(offset, from, at, length);
}

/** Octets without zeros, others for each seed. */
export function pattern(length: number, seed: number): Uint8Array<ArrayBuffer> {
  return Uint8Array.from({ length }, (_, index) => 1 + (index * 7 + seed * 31) % 255);
}
