/**
 * Writes to the top of a chain. What the top holds already is written over in place. What it does
 * not hold it gets in whole units: what of them is not written is copied up from below first, and
 * what is below never changes, so that what was read of it stays right however long the copy waits.
 */
import type { ChainReader } from "./chain_reader.ts";
import type { ChainTop } from "./chain_top.ts";
import type { DynamicLayer } from "./dynamic_layer.ts";
import type { LayerMap } from "./layer_map.ts";
import { UNIT_LENGTH } from "./block_shape.ts";
import { NOBODY, TOP } from "./owner.ts";

/** Where the octets come from that are put on the disk. */
interface Source {
  /** Writes octets `from` to `from + length` of what is put. */
  write(position: number, from: number, length: number): Promise<void>;
}

export class ChainWriter {
  readonly #top: ChainTop;
  readonly #reader: ChainReader;
  readonly #layer: DynamicLayer;
  readonly #map: LayerMap;
  readonly #blockLength: number;
  readonly #unit = new Uint8Array(UNIT_LENGTH);

  constructor(top: ChainTop, reader: ChainReader) {
    this.#top = top;
    this.#reader = reader;
    this.#layer = top.layer;
    this.#map = top.map;
    this.#blockLength = top.layer.shape.blockLength;
  }

  /** Writes the range, unless that would wait: then nothing that can be read has changed. */
  writeNow(offset: number, from: Uint8Array, at: number, length: number): boolean {
    const end = offset + length;
    if (this.#layer.medium.mustWaitToWrite()) return false;
    if (this.#map.isTop(offset, end)) {
      this.#writeSync(offset, from, at, length);
      return true;
    }
    if (!this.#makeReady(offset, end)) return false;
    this.#writeSync(offset, from, at, length);
    this.#claim(offset, end);
    return true;
  }

  async write(offset: number, from: Uint8Array, at: number, length: number): Promise<void> {
    const { medium } = this.#layer;
    await this.#put(offset, offset + length, {
      write: (position, first, count) => medium.write(position, from, at + first, count),
    });
  }

  /** Makes the range read as zeros, and gives back what space it can. */
  async unmap(offset: number, length: number): Promise<void> {
    const end = offset + length;
    for (let at = offset; at < end;) {
      const stop = this.#layer.runEnd(at, end);
      if (!await this.#freeBlock(at, stop)) await this.#clear(at, stop);
      at = stop;
    }
  }

  /** Gives blocks places and copies up what is around the range, all at once; false: it waits. */
  #makeReady(offset: number, end: number): boolean {
    const first = Math.floor(offset / this.#blockLength);
    const last = Math.floor((end - 1) / this.#blockLength);
    if (!this.#top.hasRoom(last - first + 1)) return false;
    for (let block = first; block <= last; block++) {
      if (this.#top.turns.has(block)) return false;
      if (!this.#map.isKnown(block) && !this.#map.lookNow(block)) return false;
      if (!this.#layer.has(block) && !this.#top.placeNow(block)) return false;
    }
    return this.#fillNow(unitStart(offset), offset) && this.#fillNow(end, this.#unitEnd(end));
  }

  /** Copies up what the top does not hold of a part of a unit. */
  #fillNow(from: number, end: number): boolean {
    for (let at = from; at < end;) {
      const stop = this.#map.runEnd(at, end);
      const { owner } = this.#map;
      const length = stop - at;
      if (owner !== TOP) {
        if (owner === NOBODY) this.#unit.fill(0, 0, length);
        else if (!this.#reader.layers[owner]!.readNow(at, this.#unit, 0, length)) return false;
        this.#writeSync(at, this.#unit, 0, length);
      }
      at = stop;
    }
    return true;
  }

  async #fill(from: number, end: number): Promise<void> {
    for (let at = from; at < end;) {
      const stop = this.#map.runEnd(at, end);
      const { owner } = this.#map;
      if (owner !== TOP) {
        const octets = new Uint8Array(stop - at);
        if (owner !== NOBODY) {
          await this.#reader.layers[owner]!.read(at, octets, 0, octets.length);
        }
        this.#writeSync(at, octets, 0, octets.length);
      }
      at = stop;
    }
  }

  /** The range is written: what of its units was not the top's is so now. */
  #claim(offset: number, end: number): void {
    for (let at = offset; at < end;) {
      const stop = this.#layer.runEnd(at, end);
      if (!this.#map.isTop(at, stop)) {
        const block = Math.floor(at / this.#blockLength);
        const start = block * this.#blockLength;
        const firstUnit = Math.floor((at - start) / UNIT_LENGTH);
        this.#top.claim(block, firstUnit, Math.ceil((stop - start) / UNIT_LENGTH));
      }
      at = stop;
    }
  }

  /** Puts the octets of `source` on the range, block by block. */
  async #put(offset: number, end: number, source: Source): Promise<void> {
    for (let at = offset; at < end;) {
      const stop = this.#layer.runEnd(at, end);
      if (this.#map.isTop(at, stop)) {
        await source.write(this.#layer.position(at), at - offset, stop - at);
      } else {
        const block = Math.floor(at / this.#blockLength);
        await this.#top.inTurn(block, () => this.#putInBlock(at, stop, at - offset, source));
      }
      at = stop;
    }
  }

  async #putInBlock(from: number, end: number, done: number, source: Source): Promise<void> {
    const block = Math.floor(from / this.#blockLength);
    await this.#know(block);
    await this.#top.place(block);
    const isNew = !this.#map.isTop(from, end);
    if (isNew) {
      await this.#fill(unitStart(from), from);
      await this.#fill(end, this.#unitEnd(end));
    }
    await source.write(this.#layer.position(from), done, end - from);
    if (!isNew) return;
    while (!this.#top.hasRoom(1)) await this.#top.flush();
    this.#claim(from, end);
  }

  /** Gives the block up that is the range, if it is one of a dynamic disk; answers whether. */
  async #freeBlock(from: number, end: number): Promise<boolean> {
    const block = from / this.#blockLength;
    if (this.#top.isChild || !this.#isBlock(from, end)) return false;
    return await this.#top.inTurn(block, async () => {
      await this.#know(block);
      // Meanwhile the disk may have become larger, and its last block with it.
      if (!this.#isBlock(from, end)) return false;
      if (this.#layer.has(block)) this.#top.free(block);
      return true;
    });
  }

  /** Whether the range is a block, or all that the disk has of its last one. */
  #isBlock(from: number, end: number): boolean {
    return from % this.#blockLength === 0 &&
      end === Math.min(from + this.#blockLength, this.#layer.size);
  }

  /** Zeros in place of what somebody holds of a part of a block; holes, where there can be. */
  async #clear(from: number, end: number): Promise<void> {
    const { medium } = this.#layer;
    const { punches } = medium.file;
    const zeros: Source = {
      write: (position, _first, count) => medium.clear(position, count, punches),
    };
    for (let at = from; at < end;) {
      const block = Math.floor(at / this.#blockLength);
      await this.#know(block);
      let stop = this.#map.runEnd(at, end);
      if (this.#map.owner !== NOBODY) {
        // On to where nobody holds anything, as one.
        while (stop < end && this.#map.runEnd(stop, end) > 0 && this.#map.owner !== NOBODY) {
          stop = this.#map.runEnd(stop, end);
        }
        await this.#put(at, stop, zeros);
      }
      at = stop;
    }
  }

  async #know(block: number): Promise<void> {
    while (!this.#map.isKnown(block)) await this.#map.look(block);
  }

  #writeSync(offset: number, from: Uint8Array, at: number, length: number): void {
    const end = offset + length;
    while (offset < end) {
      const run = this.#layer.runEnd(offset, end) - offset;
      this.#layer.medium.writeSync(this.#layer.position(offset), from, at, run);
      offset += run;
      at += run;
    }
  }

  /** Where the unit ends that ends at `offset` or behind it, on the disk. */
  #unitEnd(offset: number): number {
    return Math.min(Math.ceil(offset / UNIT_LENGTH) * UNIT_LENGTH, this.#layer.size);
  }
}

function unitStart(offset: number): number {
  return Math.floor(offset / UNIT_LENGTH) * UNIT_LENGTH;
}
