/**
 * Regions of the file for blocks to come, made before they are needed. A region may be named in the
 * table only when it is durably blank (its bitmap as it must be, its data zeros), or else a loss of
 * power could show what was there before as data of the disk. So regions are made in chunks: the
 * file becomes longer and gets its footer at the new end, the chunk is blanked, and one sync makes
 * it usable. A region that was given up is blanked in the same way, once nothing is under way in it
 * any more: the sync that makes it durably blank makes the table durable that does not name it.
 */
import { DeviceError } from "../block/device.ts";
import { UNALLOCATED } from "./block_allocation_table.ts";
import type { DynamicLayer } from "./dynamic_layer.ts";
import { emitFooter, type Footer, FOOTER_LENGTH } from "./footer.ts";
import { SECTOR_LENGTH } from "./geometry.ts";

/** Octets that other parts of the file are aligned to: a page of memory. */
const ALIGNMENT = 4096;
/** Regions of the first chunk. Chunks double while writes have to wait for them. */
const FIRST_CHUNK = 16;
const MOST_CHUNK = 256;
/** No chunk is longer: blocks may be large. */
const MOST_CHUNK_OCTETS = 512 << 20;

export interface BlankBlocksOptions {
  readonly layer: DynamicLayer;
  /** Where the footer at the file's end is. */
  readonly end: number;
  /** The file is not to be cut before this. */
  readonly floor: number;
  /** Regions between others that nothing names. */
  readonly gaps: readonly number[];
  /** Regions of the first chunk. */
  readonly regionsOfChunk?: number | undefined;
  /** A blank block shows the parent; else it stands for zeros. */
  readonly isChild: boolean;
  /** Resolves when no transfer is under way that began before the call. */
  settled(): Promise<void>;
}

export class BlankBlocks {
  readonly #options: BlankBlocksOptions;
  readonly #layer: DynamicLayer;
  readonly #bitmap: Uint8Array;
  /** Sectors of regions that may be named, the next one last. */
  #blank: number[] = [];
  /** Sectors of regions that were given up, whose space is to be given back. */
  readonly #given: number[] = [];
  /** Sectors of regions that nothing named when the disk was opened. */
  readonly #gaps: number[];
  /** Where the first block may be, of those there are and all to come. */
  readonly firstBlock: number;
  #end: number;
  /** What is at the file's end. */
  #footer: Footer;
  #chunk: number;
  /** Blocks of the disk that have a place. */
  #placed: number;
  #preparing: Promise<void> | undefined;
  /** The last region given up is to join the others. */
  #freeing: Promise<void> = Promise.resolve();

  constructor(options: BlankBlocksOptions) {
    const { layer, isChild, gaps } = options;
    this.#options = options;
    this.#layer = layer;
    this.#bitmap = new Uint8Array(layer.shape.bitmapLength).fill(isChild ? 0x00 : 0xff);
    this.#chunk = options.regionsOfChunk ?? FIRST_CHUNK;
    this.#gaps = [...gaps];
    this.#end = options.end;
    this.#footer = layer.footer;
    const places = layer.table.sorted();
    this.#placed = places.length;
    this.firstBlock = Math.min((places[0] ?? Infinity) * SECTOR_LENGTH, options.floor);
  }

  /** Blocks that have no place yet. */
  get #missing(): number {
    return this.#layer.table.blockCount - this.#placed;
  }

  /** The sector of a blank region, which is the caller's to name; undefined: none is ready. */
  take(): number | undefined {
    const sector = this.#blank.pop();
    if (sector === undefined) this.#chunk = Math.min(this.#chunk * 2, MOST_CHUNK);
    else this.#placed++;
    if (this.#blank.length * 2 < this.#chunk) this.#prepareAhead();
    return sector;
  }

  /** A region that was taken could not be named: it is left alone. */
  leave(): void {
    this.#placed--;
  }

  /** A region is named no more by the table, as it was written last. */
  free(sector: number): void {
    this.#placed--;
    this.#freeing = this.#options.settled().then(() => {
      this.#given.push(sector);
      this.#prepareAhead();
    });
  }

  /** Resolves when regions have been made ready, which others may take first. */
  prepare(): Promise<void> {
    return this.#preparing ??= this.#prepare().then(
      () => {
        this.#preparing = undefined;
        if (this.#given.length > 0) this.#prepareAhead();
      },
      (error) => {
        this.#preparing = undefined;
        throw error;
      },
    );
  }

  /** Octets for another part of the file, behind all that is there; aligned. */
  async reserve(length: number): Promise<number> {
    while (this.#preparing !== undefined) await this.#preparing.catch(() => undefined);
    const offset = aligned(this.#end);
    this.#preparing = this.#lengthen(aligned(offset + length), offset, () => {})
      .finally(() => this.#preparing = undefined);
    await this.#preparing;
    return offset;
  }

  /** Ends the file with that footer, from now on. */
  endWith(footer: Footer): void {
    this.#footer = footer;
    writeFooter(this.#layer, this.#end, footer);
  }

  /** Waits for what is being prepared, whatever comes of it. */
  async quiet(): Promise<void> {
    await this.#freeing;
    while (this.#preparing !== undefined) await this.#preparing.catch(() => undefined);
  }

  /** Runs `look` at a moment when the file ends as it should: it is not being made longer. */
  async atRest<T>(look: () => T): Promise<T> {
    while (this.#preparing !== undefined) await this.#preparing.catch(() => undefined);
    return look();
  }

  /** Cuts off the regions at the end that nothing names. */
  async trim(): Promise<void> {
    const { floor } = this.#options;
    const end = Math.max(floor, usedEnd(this.#layer));
    if (end >= this.#end) return;
    await cutTo(this.#layer, end);
    this.#end = end;
  }

  #prepareAhead(): void {
    const isWanted = this.#blank.length < Math.min(this.#chunk, this.#missing);
    if (!isWanted && this.#given.length === 0) return;
    // What fails here fails again for the write that needs it, and is told to that.
    this.prepare().catch(() => undefined);
  }

  async #prepare(): Promise<void> {
    const unnamed = [this.#given, this.#gaps].find(({ length }) => length > 0);
    const sectors = unnamed === undefined
      ? await this.#extend(Math.min(this.#chunk, this.#missing - this.#blank.length))
      : await this.#reuse(unnamed);
    // A child's table names it only after a flush, whose first sync makes it durable too.
    if (!this.#options.isChild) await this.#layer.medium.sync();
    // What lies nearest to the file's beginning is to be taken first.
    sectors.reverse();
    if (unnamed === undefined) this.#blank = [...sectors, ...this.#blank];
    else this.#blank.push(...sectors);
  }

  async #reuse(unnamed: number[]): Promise<number[]> {
    const sectors = unnamed.splice(0, MOST_CHUNK);
    try {
      for (const sector of sectors) await this.#blankRegion(sector);
      return sectors;
    } catch (error) {
      unnamed.push(...sectors);
      throw error;
    }
  }

  async #blankRegion(sector: number): Promise<void> {
    const { medium, shape } = this.#layer;
    const position = sector * SECTOR_LENGTH;
    const punching = medium.file.punches;
    await medium.clear(position + shape.bitmapLength, shape.blockLength, punching);
    medium.file.writeSync(position, this.#bitmap, 0, this.#bitmap.length);
  }

  /** Adds regions at the end, fewer where there is no space for all. */
  async #extend(count: number): Promise<number[]> {
    if (count <= 0) return [];
    const { blockLength } = this.#layer.shape;
    let wanted = Math.min(count, Math.max(Math.floor(MOST_CHUNK_OCTETS / blockLength), 1));
    for (;;) {
      try {
        return await this.#tryToExtend(wanted);
      } catch (error) {
        const isFull = error instanceof DeviceError && error.kind === "no-space";
        if (!isFull || wanted === 1) throw error;
        wanted = 1;
      }
    }
  }

  async #tryToExtend(count: number): Promise<number[]> {
    const { file } = this.#layer.medium;
    const { sectors, end } = this.#places(count);
    await this.#lengthen(end, sectors[0]! * SECTOR_LENGTH, () => {
      for (const sector of sectors) {
        file.writeSync(sector * SECTOR_LENGTH, this.#bitmap, 0, this.#bitmap.length);
      }
    });
    return sectors;
  }

  /** The file's last part ends at `end`; `fill` lays out what is added, from `first` on. */
  async #lengthen(end: number, first: number, fill: () => void): Promise<void> {
    const { file } = this.#layer.medium;
    const old = this.#end;
    try {
      await file.resize(end + FOOTER_LENGTH);
      writeFooter(this.#layer, end, this.#footer);
      fill();
      // Where the old footer was, a bitmap may be now.
      this.#eraseFooter(old, first);
    } catch (error) {
      await file.resize(old + FOOTER_LENGTH);
      writeFooter(this.#layer, old, this.#footer);
      throw error;
    }
    this.#end = end;
  }

  /** Where the next regions go, and the footer behind them. */
  #places(count: number): { sectors: number[]; end: number } {
    const { shape } = this.#layer;
    const sectors: number[] = [];
    let end = this.#end;
    while (sectors.length < count) {
      const data = shape.dataBehind(end);
      const sector = (data - shape.bitmapLength) / SECTOR_LENGTH;
      if (sector >= UNALLOCATED) break;
      sectors.push(sector);
      end = data + shape.blockLength;
    }
    if (sectors.length > 0) return { sectors, end };
    const { path } = this.#layer.medium.file;
    throw new DeviceError("no-space", `${path} has grown to 2 TiB, where the format's places end`);
  }

  #eraseFooter(old: number, first: number): void {
    const length = Math.min(FOOTER_LENGTH, first - old);
    if (length <= 0) return;
    this.#layer.medium.file.writeSync(old, new Uint8Array(length), 0, length);
  }
}

function aligned(offset: number): number {
  return Math.ceil(offset / ALIGNMENT) * ALIGNMENT;
}

/** Where the last block of the file ends; 0 without any. */
export function blocksEnd({ table, shape }: DynamicLayer): number {
  let last = -1;
  for (let block = 0; block < table.blockCount; block++) {
    const sector = table.get(block);
    if (sector !== UNALLOCATED && sector > last) last = sector;
  }
  return last < 0 ? 0 : last * SECTOR_LENGTH + shape.regionLength;
}

/** Where the last part of the file ends that anything names: a block, the table, the header. */
export function usedEnd(layer: DynamicLayer): number {
  const ends = layer.image.metadata.map(({ offset, length }) => offset + length);
  return Math.max(blocksEnd(layer), Math.ceil(Math.max(...ends) / SECTOR_LENGTH) * SECTOR_LENGTH);
}

export function writeFooter(
  layer: DynamicLayer,
  position: number,
  footer: Footer = layer.footer,
): void {
  const octets = emitFooter(footer);
  layer.medium.file.writeSync(position, octets, 0, octets.length);
}

/**
 * Makes the file end at `end`, with its footer there. The footer comes first: at every moment there
 * is a whole one at the end.
 */
export async function cutTo(layer: DynamicLayer, end: number): Promise<void> {
  writeFooter(layer, end);
  await layer.medium.sync();
  await layer.medium.file.resize(end + FOOTER_LENGTH);
  await layer.medium.sync();
}
