/**
 * How the blocks of a dynamic or differencing disk are made: first a bitmap with a bit for each
 * sector, filled up to whole sectors, then the data. Virtual Hard Disk Image Format 1.0, "Block
 * Allocation Table and Data Blocks".
 */
import { SECTOR_LENGTH } from "./geometry.ts";

/** Sectors that one octet of a bitmap tells of: what is copied from a parent at once. */
export const UNIT_SECTORS = 8;
export const UNIT_LENGTH = UNIT_SECTORS * SECTOR_LENGTH;

/** Transfers aligned like their data lie whole in one folio of the page cache. */
const MOST_ALIGNMENT = 64 << 10;
/** A page of memory, a block of a file system. */
const LEAST_ALIGNMENT = 4096;
/** No more of the file than such a part is left out between blocks. */
const LEAST_BLOCK_OF_ALIGNMENT = 32;

export class BlockShape {
  /** Octets of data. */
  readonly blockLength: number;
  /** Octets of the bitmap, in whole sectors. */
  readonly bitmapLength: number;
  /** Octets of both. */
  readonly regionLength: number;
  /** Octets that the data of a new region is aligned to. */
  readonly alignment: number;

  constructor(blockLength: number) {
    this.blockLength = blockLength;
    const octets = blockLength / UNIT_LENGTH;
    this.bitmapLength = Math.ceil(octets / SECTOR_LENGTH) * SECTOR_LENGTH;
    this.regionLength = this.bitmapLength + blockLength;
    const alignment = Math.min(blockLength / LEAST_BLOCK_OF_ALIGNMENT, MOST_ALIGNMENT);
    this.alignment = Math.max(alignment, LEAST_ALIGNMENT);
  }

  /** Where the data of a new region begins that begins at `offset` or behind it. */
  dataBehind(offset: number): number {
    return Math.ceil((offset + this.bitmapLength) / this.alignment) * this.alignment;
  }

  /** Blocks of a disk of that many octets. */
  blockCount(size: number): number {
    return Math.ceil(size / this.blockLength);
  }
}
