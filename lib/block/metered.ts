/** A device that counts what passes through it. */
import type { BlockDevice, Capabilities, Extent, GrowOptions } from "./device.ts";

/** Operations that the device did, and their octets. What failed is counted in `errors` alone. */
export interface DeviceCounters {
  reads: number;
  readOctets: number;
  writes: number;
  writtenOctets: number;
  flushes: number;
  unmaps: number;
  unmappedOctets: number;
  errors: number;
}

export class MeteredDevice implements BlockDevice {
  readonly counters: DeviceCounters = {
    reads: 0,
    readOctets: 0,
    writes: 0,
    writtenOctets: 0,
    flushes: 0,
    unmaps: 0,
    unmappedOctets: 0,
    errors: 0,
  };
  /** Where the one inside grows. */
  readonly grow?: (size: number, options?: GrowOptions) => Promise<void>;
  readonly #inner: BlockDevice;
  readonly #onError: ((error: unknown) => void) | undefined;

  /** Takes `inner` over: closing this closes it. `onError` is told of what the device cannot do. */
  constructor(inner: BlockDevice, onError?: (error: unknown) => void) {
    this.#inner = inner;
    this.#onError = onError;
    if (inner.grow !== undefined) this.grow = inner.grow.bind(inner);
  }

  get size(): number {
    return this.#inner.size;
  }

  get trouble(): string | undefined {
    return this.#inner.trouble;
  }

  get can(): Capabilities {
    return this.#inner.can;
  }

  readNow(offset: number, into: Uint8Array, at: number, length: number): boolean {
    try {
      if (!this.#inner.readNow(offset, into, at, length)) return false;
    } catch (error) {
      throw this.#failed(error);
    }
    this.#countRead(length);
    return true;
  }

  writeNow(offset: number, from: Uint8Array, at: number, length: number): boolean {
    try {
      if (!this.#inner.writeNow(offset, from, at, length)) return false;
    } catch (error) {
      throw this.#failed(error);
    }
    this.#countWrite(length);
    return true;
  }

  async read(offset: number, into: Uint8Array, at: number, length: number): Promise<void> {
    await this.#watched(this.#inner.read(offset, into, at, length));
    this.#countRead(length);
  }

  async write(offset: number, from: Uint8Array, at: number, length: number): Promise<void> {
    await this.#watched(this.#inner.write(offset, from, at, length));
    this.#countWrite(length);
  }

  async flush(): Promise<void> {
    await this.#watched(this.#inner.flush());
    this.counters.flushes++;
  }

  async unmap(offset: number, length: number): Promise<void> {
    await this.#watched(this.#inner.unmap(offset, length));
    this.counters.unmaps++;
    this.counters.unmappedOctets += length;
  }

  extents(offset: number, length: number, limit: number): Promise<Extent[]> {
    return this.#watched(this.#inner.extents(offset, length, limit));
  }

  close(): Promise<void> {
    return this.#inner.close();
  }

  #countRead(length: number): void {
    this.counters.reads++;
    this.counters.readOctets += length;
  }

  #countWrite(length: number): void {
    this.counters.writes++;
    this.counters.writtenOctets += length;
  }

  async #watched<T>(running: Promise<T>): Promise<T> {
    try {
      return await running;
    } catch (error) {
      throw this.#failed(error);
    }
  }

  #failed(error: unknown): unknown {
    this.counters.errors++;
    this.#onError?.(error);
    return error;
  }
}
