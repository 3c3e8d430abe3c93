/** A device with a cache that a loss of power empties: only what was flushed is kept. */
import type { BlockDevice, Extent } from "../../lib/block/device.ts";

export class VolatileDevice implements BlockDevice {
  readonly can = { write: true, unmap: true } as const;
  #now: Uint8Array;
  #kept: Uint8Array;
  /** How often it was flushed. */
  flushes = 0;

  constructor(readonly size: number) {
    this.#now = new Uint8Array(size);
    this.#kept = new Uint8Array(size);
  }

  /** What a loss of power would leave. */
  get kept(): Uint8Array {
    return this.#kept;
  }

  get octets(): Uint8Array {
    return this.#now;
  }

  /** Part of what was not flushed may be on the medium all the same: `survives` says which. */
  losePower(survives: (sector: number) => boolean = () => false): void {
    for (let sector = 0; sector < this.size / 512; sector++) {
      const [begin, end] = [sector * 512, (sector + 1) * 512];
      if (survives(sector)) this.#kept.set(this.#now.subarray(begin, end), begin);
    }
    this.#now = this.#kept.slice();
  }

  readNow(offset: number, into: Uint8Array, at: number, length: number): boolean {
    into.set(this.#now.subarray(offset, offset + length), at);
    return true;
  }

  writeNow(offset: number, from: Uint8Array, at: number, length: number): boolean {
    this.#now.set(from.subarray(at, at + length), offset);
    return true;
  }

  read(offset: number, into: Uint8Array, at: number, length: number): Promise<void> {
    this.readNow(offset, into, at, length);
    return Promise.resolve();
  }

  write(offset: number, from: Uint8Array, at: number, length: number): Promise<void> {
    this.writeNow(offset, from, at, length);
    return Promise.resolve();
  }

  flush(): Promise<void> {
    this.flushes++;
    this.#kept = this.#now.slice();
    return Promise.resolve();
  }

  unmap(offset: number, length: number): Promise<void> {
    this.#now.fill(0, offset, offset + length);
    return Promise.resolve();
  }

  extents(offset: number, length: number): Promise<Extent[]> {
    return Promise.resolve([{ offset, length, mapped: true }]);
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}
