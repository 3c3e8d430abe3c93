/** Part of a device, as a device of its own. */
import type { BlockDevice, Capabilities, Extent } from "./device.ts";
import { requireRange } from "./range.ts";

export class SliceDevice implements BlockDevice {
  readonly size: number;
  readonly #inner: BlockDevice;
  readonly #start: number;

  /** Takes `inner` over: closing this closes it. */
  constructor(inner: BlockDevice, start: number, size: number) {
    requireRange(inner.size, start, size);
    this.#inner = inner;
    this.#start = start;
    this.size = size;
  }

  get trouble(): string | undefined {
    return this.#inner.trouble;
  }

  get can(): Capabilities {
    return this.#inner.can;
  }

  readNow(offset: number, into: Uint8Array, at: number, length: number): boolean {
    requireRange(this.size, offset, length);
    return this.#inner.readNow(this.#start + offset, into, at, length);
  }

  writeNow(offset: number, from: Uint8Array, at: number, length: number): boolean {
    requireRange(this.size, offset, length);
    return this.#inner.writeNow(this.#start + offset, from, at, length);
  }

  async read(offset: number, into: Uint8Array, at: number, length: number): Promise<void> {
    requireRange(this.size, offset, length);
    await this.#inner.read(this.#start + offset, into, at, length);
  }

  async write(offset: number, from: Uint8Array, at: number, length: number): Promise<void> {
    requireRange(this.size, offset, length);
    await this.#inner.write(this.#start + offset, from, at, length);
  }

  flush(): Promise<void> {
    return this.#inner.flush();
  }

  async unmap(offset: number, length: number): Promise<void> {
    requireRange(this.size, offset, length);
    await this.#inner.unmap(this.#start + offset, length);
  }

  async extents(offset: number, length: number, limit: number): Promise<Extent[]> {
    requireRange(this.size, offset, length);
    const runs = await this.#inner.extents(this.#start + offset, length, limit);
    return runs.map((run) => ({ ...run, offset: run.offset - this.#start }));
  }

  close(): Promise<void> {
    return this.#inner.close();
  }
}
