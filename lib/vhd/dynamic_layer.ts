/**
 * The file of a dynamic or differencing disk as a layer: its table says where a block is, the
 * block's bitmap which sectors of it are held.
 */
import type { FileMedium } from "../block/file_medium.ts";
import { type BlockAllocationTable, UNALLOCATED } from "./block_allocation_table.ts";
import { type BlockShape, UNIT_LENGTH } from "./block_shape.ts";
import type { DynamicImage } from "./dynamic_image.ts";
import type { Footer } from "./footer.ts";
import { SECTOR_LENGTH } from "./geometry.ts";
import type { Layer, Presence } from "./layer.ts";

export class DynamicLayer implements Layer {
  readonly medium: FileMedium;
  readonly table: BlockAllocationTable;
  readonly shape: BlockShape;
  #image: DynamicImage;

  constructor(medium: FileMedium, image: DynamicImage) {
    this.medium = medium;
    this.#image = image;
    this.table = image.table;
    this.shape = image.shape;
  }

  /** What its file says. */
  get image(): DynamicImage {
    return this.#image;
  }

  /** Its file says something else from now on; table and shape are the same. */
  become(image: DynamicImage): void {
    this.#image = image;
  }

  get footer(): Footer {
    return this.image.footer;
  }

  get size(): number {
    return this.image.size;
  }

  /** Whether the block has a place. */
  has(block: number): boolean {
    return block < this.table.blockCount && this.table.get(block) !== UNALLOCATED;
  }

  /** Where the bitmap of a block that has a place is in the file. */
  bitmapPosition(block: number): number {
    return this.table.get(block) * SECTOR_LENGTH;
  }

  /** Where in the file an octet of the disk is, whose block has a place. */
  position(offset: number): number {
    const block = Math.floor(offset / this.shape.blockLength);
    return this.bitmapPosition(block) + this.shape.bitmapLength +
      (offset - block * this.shape.blockLength);
  }

  /** Where the octets end that lie behind the one at `offset` in the file, or else `end`. */
  runEnd(offset: number, end: number): number {
    const { blockLength } = this.shape;
    return Math.min((Math.floor(offset / blockLength) + 1) * blockLength, end);
  }

  *presence(offset: number, length: number): Generator<Presence> {
    const end = Math.min(offset + length, this.size);
    const { blockLength } = this.shape;
    for (let at = offset; at < end;) {
      const stop = this.runEnd(at, end);
      const block = Math.floor(at / blockLength);
      if (this.has(block)) yield this.#presenceIn(block, at - block * blockLength, stop - at);
      at = stop;
    }
  }

  #presenceIn(block: number, within: number, length: number): Presence {
    const firstOctet = Math.floor(within / UNIT_LENGTH);
    const endOctet = Math.ceil((within + length) / UNIT_LENGTH);
    const first = block * this.shape.blockLength + firstOctet * UNIT_LENGTH;
    const end = Math.min(block * this.shape.blockLength + endOctet * UNIT_LENGTH, this.size);
    return {
      firstSector: first / SECTOR_LENGTH,
      sectorCount: (end - first) / SECTOR_LENGTH,
      bitmap: {
        position: this.bitmapPosition(block) + firstOctet,
        length: endOctet - firstOctet,
      },
    };
  }

  readNow(offset: number, into: Uint8Array, at: number, length: number): boolean {
    const end = offset + length;
    while (offset < end) {
      const run = this.runEnd(offset, end) - offset;
      if (!this.medium.readNow(this.position(offset), into, at, run)) return false;
      offset += run;
      at += run;
    }
    return true;
  }

  async read(offset: number, into: Uint8Array, at: number, length: number): Promise<void> {
    const end = offset + length;
    while (offset < end) {
      const run = this.runEnd(offset, end) - offset;
      await this.medium.read(this.position(offset), into, at, run);
      offset += run;
      at += run;
    }
  }

  fileRun(offset: number): { mapped: boolean; length: number } {
    const position = this.position(offset);
    const { mapped, end } = this.medium.file.run(position);
    return { mapped, length: Math.min(end - position, this.runEnd(offset, Infinity) - offset) };
  }
}
