/**
 * Octets of a device that knows whole blocks alone: what begins or ends within a block is read with
 * the rest of it, and written with it, while nobody else writes there.
 */
import type { BlockDevice, Capabilities, Extent } from "./device.ts";
import { requireRange, requireRoom } from "./range.ts";
import { RangeLocks } from "./range_locks.ts";

export class WholeBlocks implements BlockDevice {
  readonly size: number;
  readonly #inner: BlockDevice;
  readonly #blockLength: number;
  readonly #locks = new RangeLocks();

  /** Takes `inner` over: closing this closes it. */
  constructor(inner: BlockDevice, blockLength: number) {
    this.#inner = inner;
    this.#blockLength = blockLength;
    this.size = inner.size - inner.size % blockLength;
  }

  get can(): Capabilities {
    return this.#inner.can;
  }

  get trouble(): string | undefined {
    return this.#inner.trouble;
  }

  readNow(offset: number, into: Uint8Array, at: number, length: number): boolean {
    requireRange(this.size, offset, length);
    return this.#isWhole(offset, length) && this.#inner.readNow(offset, into, at, length);
  }

  writeNow(offset: number, from: Uint8Array, at: number, length: number): boolean {
    requireRange(this.size, offset, length);
    return this.#isWhole(offset, length) && this.#locks.idle &&
      this.#inner.writeNow(offset, from, at, length);
  }

  async read(offset: number, into: Uint8Array, at: number, length: number): Promise<void> {
    requireRange(this.size, offset, length);
    requireRoom(into, at, length);
    if (this.#isWhole(offset, length)) return await this.#inner.read(offset, into, at, length);
    const begin = this.#floor(offset);
    const blocks = new Uint8Array(this.#ceiling(offset + length) - begin);
    await this.#inner.read(begin, blocks, 0, blocks.length);
    into.set(blocks.subarray(offset - begin, offset - begin + length), at);
  }

  async write(offset: number, from: Uint8Array, at: number, length: number): Promise<void> {
    requireRange(this.size, offset, length);
    requireRoom(from, at, length);
    await this.#change(
      offset,
      length,
      (begin, count) => this.#inner.write(begin, from, at + begin - offset, count),
      (block, within, count, begin) => {
        const source = at + begin - offset;
        block.set(from.subarray(source, source + count), within);
      },
    );
  }

  async unmap(offset: number, length: number): Promise<void> {
    requireRange(this.size, offset, length);
    await this.#change(
      offset,
      length,
      (begin, count) => this.#inner.unmap(begin, count),
      (block, within, count) => block.fill(0, within, within + count),
    );
  }

  flush(): Promise<void> {
    return this.#inner.flush();
  }

  /** Runs of octets: a block of which any is asked for answers for them. */
  async extents(offset: number, length: number, limit: number): Promise<Extent[]> {
    requireRange(this.size, offset, length);
    const begin = this.#floor(offset);
    const end = offset + length;
    const runs = await this.#inner.extents(begin, this.#ceiling(end) - begin, limit);
    return runs.map((run) => {
      const from = Math.max(run.offset, offset);
      return { ...run, offset: from, length: Math.min(run.offset + run.length, end) - from };
    }).filter((run) => run.length > 0);
  }

  close(): Promise<void> {
    return this.#inner.close();
  }

  /** Does `whole` for the whole blocks of the range, and `part` for what is less at its ends. */
  async #change(
    offset: number,
    length: number,
    whole: (offset: number, length: number) => Promise<void>,
    part: (block: Uint8Array, within: number, length: number, offset: number) => void,
  ): Promise<void> {
    const end = offset + length;
    for (let at = offset; at < end;) {
      const isWhole = at % this.#blockLength === 0 && end - at >= this.#blockLength;
      const stop = isWhole ? this.#floor(end) : Math.min(end, this.#floor(at) + this.#blockLength);
      if (isWhole) await this.#changeWhole(at, stop - at, whole);
      else await this.#changePart(at, stop - at, part);
      at = stop;
    }
  }

  async #changeWhole(
    offset: number,
    length: number,
    whole: (offset: number, length: number) => Promise<void>,
  ): Promise<void> {
    const release = await this.#locks.shared(offset, length);
    try {
      await whole(offset, length);
    } finally {
      release();
    }
  }

  async #changePart(
    offset: number,
    length: number,
    part: (block: Uint8Array, within: number, length: number, offset: number) => void,
  ): Promise<void> {
    const begin = this.#floor(offset);
    const block = new Uint8Array(this.#blockLength);
    const release = await this.#locks.exclusive(begin, block.length);
    try {
      await this.#inner.read(begin, block, 0, block.length);
      part(block, offset - begin, length, offset);
      await this.#inner.write(begin, block, 0, block.length);
    } finally {
      release();
    }
  }

  #isWhole(offset: number, length: number): boolean {
    return offset % this.#blockLength === 0 && length % this.#blockLength === 0;
  }

  #floor(offset: number): number {
    return offset - offset % this.#blockLength;
  }

  #ceiling(offset: number): number {
    return this.#floor(offset + this.#blockLength - 1);
  }
}
