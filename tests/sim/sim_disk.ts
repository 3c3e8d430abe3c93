/**
 * A disk that knows what everybody means to write: whatever else reaches it is wrong. It does
 * things at once or in its own time, and fails now and then.
 */
import { type BlockDevice, DeviceError, type Extent } from "../../lib/block/device.ts";
import { equal, type Intent } from "./intent.ts";
import type { World } from "./world.ts";

/** Everything that a range held from some moment on. */
class Watch {
  readonly #values: Set<number>[];

  constructor(readonly offset: number, first: Uint8Array) {
    this.#values = Array.from(first, (octet) => new Set([octet]));
  }

  saw(offset: number, octets: Uint8Array): void {
    const from = Math.max(offset, this.offset);
    const end = Math.min(offset + octets.length, this.offset + this.#values.length);
    for (let at = from; at < end; at++) this.#values[at - this.offset]!.add(octets[at - offset]!);
  }

  /** True if the range held each of these octets at one time or another. */
  explains(octets: Uint8Array): boolean {
    return octets.every((octet, i) => this.#values[i]!.has(octet));
  }
}

export interface SimDiskOptions {
  /** Of a hundred transfers, how many are done at once. */
  readonly atOncePercent: number;
  /** Of a thousand operations, how many fail. */
  readonly faultsInThousand: number;
}

export class SimDisk implements BlockDevice {
  readonly can = { write: true, unmap: true } as const;
  readonly wrongs: string[] = [];
  readonly intents = new Set<Intent>();
  /** Operations under way. */
  busy = 0;
  faultsInThousand: number;
  readonly #content: Uint8Array;
  readonly #world: World;
  readonly #atOncePercent: number;
  readonly #watches = new Set<Watch>();

  constructor(world: World, readonly size: number, options: SimDiskOptions) {
    this.#world = world;
    this.#content = new Uint8Array(size);
    this.#atOncePercent = options.atOncePercent;
    this.faultsInThousand = options.faultsInThousand;
  }

  /** A copy of what lies there. */
  peek(offset: number, length: number): Uint8Array {
    return this.#content.slice(offset, offset + length);
  }

  watch(offset: number, length: number): Watch {
    const watch = new Watch(offset, this.peek(offset, length));
    this.#watches.add(watch);
    return watch;
  }

  unwatch(watch: Watch): void {
    this.#watches.delete(watch);
  }

  readNow(offset: number, into: Uint8Array, at: number, length: number): boolean {
    if (!this.#isAtOnce()) return false;
    this.#mayFail("read");
    into.set(this.#content.subarray(offset, offset + length), at);
    return true;
  }

  writeNow(offset: number, from: Uint8Array, at: number, length: number): boolean {
    if (!this.#isAtOnce()) return false;
    this.#mayFail("write", () => this.#land(offset, this.#torn(from, at, length)));
    this.#land(offset, from.subarray(at, at + length));
    return true;
  }

  async read(offset: number, into: Uint8Array, at: number, length: number): Promise<void> {
    await this.#takeTime();
    this.#mayFail("read");
    into.set(this.#content.subarray(offset, offset + length), at);
  }

  async write(offset: number, from: Uint8Array, at: number, length: number): Promise<void> {
    const octets = from.slice(at, at + length);
    await this.#takeTime();
    if (!equal(octets, from.subarray(at, at + length))) {
      this.wrongs.push("octets changed while they were written to the disk");
    }
    this.#mayFail("write", () => this.#land(offset, this.#torn(octets, 0, length)));
    this.#land(offset, octets);
  }

  async flush(): Promise<void> {
    await this.#takeTime();
  }

  async unmap(offset: number, length: number): Promise<void> {
    await this.#takeTime();
    this.#mayFail("unmap");
    this.#land(offset, new Uint8Array(length));
  }

  async extents(offset: number, length: number): Promise<Extent[]> {
    await this.#takeTime();
    return [{ offset, length, mapped: true }];
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  #isAtOnce(): boolean {
    return this.#world.chance.in100(this.#atOncePercent);
  }

  async #takeTime(): Promise<void> {
    this.busy++;
    await this.#world.after(this.#world.chance.between(1, 4));
    this.busy--;
  }

  #mayFail(operation: string, tear?: () => void): void {
    const { chance } = this.#world;
    if (chance.below(1000) >= this.faultsInThousand) return;
    if (chance.in100(50)) tear?.();
    throw new DeviceError("medium", `the ${operation} was made to fail`);
  }

  #torn(octets: Uint8Array, at: number, length: number): Uint8Array {
    return octets.slice(at, at + this.#world.chance.below(length));
  }

  #land(offset: number, octets: Uint8Array): void {
    if (octets.length === 0) return;
    let isWanted = false;
    for (const intent of this.intents) {
      if (!intent.wants(offset, octets)) continue;
      const { expected } = intent;
      if (expected !== undefined && !equal(this.peek(intent.offset, expected.length), expected)) {
        continue;
      }
      isWanted = true;
      intent.land(offset, octets.length);
    }
    if (!isWanted) {
      const head = octets.subarray(0, 16).toHex();
      this.wrongs.push(`nobody meant to write ${octets.length} octets at ${offset}: ${head}`);
    }
    this.#content.set(octets, offset);
    for (const watch of this.#watches) watch.saw(offset, octets);
  }
}

export type { Watch };
