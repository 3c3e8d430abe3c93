/** Reads through a chain: each run from the layer that holds it, what nobody holds as zeros. */
import type { Extent } from "../block/device.ts";
import { turn } from "../block/slices.ts";
import type { Layer } from "./layer.ts";
import type { LayerMap } from "./layer_map.ts";
import { NOBODY } from "./owner.ts";

/** Blocks that are looked at before the event loop turns. */
const BLOCKS_A_TURN = 4096;

export class ChainReader {
  readonly layers: readonly Layer[];
  readonly map: LayerMap;
  readonly #blockLength: number;

  constructor(layers: readonly Layer[], map: LayerMap, blockLength: number) {
    this.layers = layers;
    this.map = map;
    this.#blockLength = blockLength;
  }

  /** Reads the range, unless that would wait; part of it may have been read then. */
  readNow(offset: number, into: Uint8Array, at: number, length: number): boolean {
    const end = offset + length;
    while (offset < end) {
      const block = Math.floor(offset / this.#blockLength);
      if (!this.map.isKnown(block) && !this.map.lookNow(block)) return false;
      const run = this.map.runEnd(offset, end) - offset;
      const { owner } = this.map;
      if (owner === NOBODY) into.fill(0, at, at + run);
      else if (!this.layers[owner]!.readNow(offset, into, at, run)) return false;
      offset += run;
      at += run;
    }
    return true;
  }

  /** Reads the range, its runs side by side. */
  async read(offset: number, into: Uint8Array, at: number, length: number): Promise<void> {
    const end = offset + length;
    const reads: Promise<void>[] = [];
    try {
      while (offset < end) {
        const block = Math.floor(offset / this.#blockLength);
        if (!this.map.isKnown(block)) {
          await this.map.look(block);
          continue;
        }
        const run = this.map.runEnd(offset, end) - offset;
        const { owner } = this.map;
        if (owner === NOBODY) into.fill(0, at, at + run);
        else reads.push(watched(this.layers[owner]!.read(offset, into, at, run)));
        offset += run;
        at += run;
      }
    } finally {
      // The buffer is the caller's again only when nothing more comes into it.
      await Promise.allSettled(reads);
    }
    await Promise.all(reads);
  }

  /** The runs from `offset` on that take space, and those that do not and read as zeros. */
  async extents(offset: number, length: number, limit: number): Promise<Extent[]> {
    const runs: { offset: number; length: number; mapped: boolean }[] = [];
    const end = offset + length;
    for (let at = offset, looked = 1; at < end; looked++) {
      if (looked % BLOCKS_A_TURN === 0) await turn();
      const block = Math.floor(at / this.#blockLength);
      if (!this.map.isKnown(block) && !this.map.lookNow(block)) {
        await this.map.look(block);
        continue;
      }
      const { mapped, stop } = this.#extentAt(at, end);
      const last = runs.at(-1);
      if (last?.mapped === mapped) last.length = stop - last.offset;
      else if (runs.length < limit) runs.push({ offset: at, length: stop - at, mapped });
      else break;
      at = stop;
    }
    return runs;
  }

  /** A layer's file may have holes in what it holds: they take no space, and read as zeros. */
  #extentAt(offset: number, end: number): { mapped: boolean; stop: number } {
    const stop = this.map.runEnd(offset, end);
    const { owner } = this.map;
    if (owner === NOBODY) return { mapped: false, stop };
    const layer = this.layers[owner]!;
    const run = layer.fileRun(offset);
    return { mapped: run.mapped, stop: Math.min(offset + run.length, stop) };
  }
}

/** One that fails while others are still to begin is told at the end, and is no surprise. */
function watched(read: Promise<void>): Promise<void> {
  read.catch(() => undefined);
  return read;
}
