/** A device whose transfers wait, asynchronously, for as long as the test holds them. */
import type { BlockDevice, Capabilities, Extent, GrowOptions } from "../../lib/block/device.ts";

type Operation = "read" | "write" | "flush" | "grow";

export class GatedDevice implements BlockDevice {
  readonly #inner: BlockDevice;
  readonly #held = new Set<Operation>();
  #waiting: (() => void)[] = [];
  #noticed: (() => void)[] = [];

  constructor(inner: BlockDevice) {
    this.#inner = inner;
  }

  get size(): number {
    return this.#inner.size;
  }

  get can(): Capabilities {
    return this.#inner.can;
  }

  /** From now on operations of this kind wait. */
  hold(operation: Operation): void {
    this.#held.add(operation);
  }

  /** Nothing is held any more; what waited goes on. */
  releaseAll(): void {
    this.#held.clear();
    for (const go of this.#waiting.splice(0)) go();
  }

  /** Resolves when `count` operations wait. */
  async waiting(count: number): Promise<void> {
    while (this.#waiting.length < count) {
      await new Promise<void>((noticed) => this.#noticed.push(noticed));
    }
  }

  readNow(offset: number, into: Uint8Array, at: number, length: number): boolean {
    return !this.#held.has("read") && this.#inner.readNow(offset, into, at, length);
  }

  writeNow(offset: number, from: Uint8Array, at: number, length: number): boolean {
    return !this.#held.has("write") && this.#inner.writeNow(offset, from, at, length);
  }

  async read(offset: number, into: Uint8Array, at: number, length: number): Promise<void> {
    await this.#gate("read");
    await this.#inner.read(offset, into, at, length);
  }

  async write(offset: number, from: Uint8Array, at: number, length: number): Promise<void> {
    await this.#gate("write");
    await this.#inner.write(offset, from, at, length);
  }

  async flush(): Promise<void> {
    await this.#gate("flush");
    await this.#inner.flush();
  }

  async #gate(operation: Operation): Promise<void> {
    if (!this.#held.has(operation)) return;
    const passed = new Promise<void>((go) => this.#waiting.push(go));
    for (const noticed of this.#noticed.splice(0)) noticed();
    await passed;
  }

  async grow(size: number, options: GrowOptions = {}): Promise<void> {
    await this.#gate("grow");
    options.signal?.throwIfAborted();
    await this.#inner.grow!(size, options);
  }

  unmap(offset: number, length: number): Promise<void> {
    return this.#inner.unmap(offset, length);
  }

  extents(offset: number, length: number, limit: number): Promise<Extent[]> {
    return this.#inner.extents(offset, length, limit);
  }

  close(): Promise<void> {
    return this.#inner.close();
  }
}
