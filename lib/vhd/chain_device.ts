/**
 * A dynamic or differencing VHD as a device: a chain of files, of which the one on top takes the
 * writes. A dynamic disk is a chain of one.
 */
import type { BlockDevice, Capabilities, Extent, GrowOptions } from "../block/device.ts";
import { requireRange, requireRoom } from "../block/range.ts";
import { ChainReader } from "./chain_reader.ts";
import type { ChainTop } from "./chain_top.ts";
import { ChainWriter } from "./chain_writer.ts";
import type { DynamicLayer } from "./dynamic_layer.ts";
import { growChain } from "./grow_chain.ts";
import type { Layer } from "./layer.ts";
import { LayerMap } from "./layer_map.ts";

export class ChainDevice implements BlockDevice {
  readonly can: Capabilities;
  /** Absent where the device is read-only. */
  readonly grow?: NonNullable<BlockDevice["grow"]>;
  readonly layers: readonly Layer[];
  readonly #layer: DynamicLayer;
  readonly #reader: ChainReader;
  readonly #top: ChainTop | undefined;
  readonly #writer: ChainWriter | undefined;
  #closing: Promise<void> | undefined;

  /** Takes the layers over, from the top down; without `top` the device is read-only. */
  constructor(layer: DynamicLayer, layers: readonly Layer[], top?: ChainTop) {
    this.layers = layers;
    this.#layer = layer;
    const map = top?.map ?? new LayerMap(layers, layer.shape);
    this.#reader = new ChainReader(layers, map, layer.shape.blockLength);
    this.#top = top;
    this.#writer = top && new ChainWriter(top, this.#reader);
    this.can = { write: top !== undefined, unmap: true };
    if (top !== undefined) this.grow = (size, options) => this.#grow(top, size, options);
  }

  get size(): number {
    return this.#layer.size;
  }

  readNow(offset: number, into: Uint8Array, at: number, length: number): boolean {
    this.#check(offset, length);
    requireRoom(into, at, length);
    return this.#reader.readNow(offset, into, at, length);
  }

  writeNow(offset: number, from: Uint8Array, at: number, length: number): boolean {
    const writer = this.#checkWrite(offset, length);
    requireRoom(from, at, length);
    return length === 0 || writer.writeNow(offset, from, at, length);
  }

  async read(offset: number, into: Uint8Array, at: number, length: number): Promise<void> {
    this.#check(offset, length);
    requireRoom(into, at, length);
    await this.#transfer(() => this.#reader.read(offset, into, at, length));
  }

  async write(offset: number, from: Uint8Array, at: number, length: number): Promise<void> {
    const writer = this.#checkWrite(offset, length);
    requireRoom(from, at, length);
    await this.#transfer(() => writer.write(offset, from, at, length));
  }

  async flush(): Promise<void> {
    this.#layer.medium.requireOpen();
    const top = this.#top;
    if (top !== undefined) await this.#layer.medium.during(() => top.flush());
  }

  async unmap(offset: number, length: number): Promise<void> {
    const writer = this.#checkWrite(offset, length);
    await this.#transfer(() => writer.unmap(offset, length));
  }

  async extents(offset: number, length: number, limit: number): Promise<Extent[]> {
    this.#check(offset, length);
    return await this.#transfer(() => this.#reader.extents(offset, length, limit));
  }

  /**
   * What the file on top is known to hold, which is written to meanwhile; undefined: nobody writes
   * to it here.
   */
  get top(): ChainTop | undefined {
    return this.#top;
  }

  async #grow(top: ChainTop, size: number, options: GrowOptions = {}): Promise<void> {
    this.#layer.medium.requireWritable();
    if (!Number.isSafeInteger(size) || size <= this.size) {
      throw new RangeError(`a disk of ${this.size} octets does not grow to ${size}`);
    }
    await this.#layer.medium.during(() => growChain(top, size, options));
  }

  /** Flushes, leaves a file that says all by itself, and closes every file of the chain. */
  close(): Promise<void> {
    return this.#closing ??= this.#close();
  }

  async #close(): Promise<void> {
    try {
      await this.#layer.medium.close(() => this.#top?.finish() ?? Promise.resolve());
    } finally {
      const parents = this.layers.filter((layer) => layer !== this.#layer);
      await Promise.all(parents.map(({ medium }) => medium.close()));
    }
  }

  #transfer<T>(work: () => Promise<T>): Promise<T> {
    const { medium } = this.#layer;
    return medium.during(() => this.#top?.transfers.during(work) ?? work());
  }

  #check(offset: number, length: number): void {
    this.#layer.medium.requireOpen();
    requireRange(this.size, offset, length);
  }

  #checkWrite(offset: number, length: number): ChainWriter {
    this.#check(offset, length);
    this.#layer.medium.requireWritable();
    return this.#writer!;
  }
}
