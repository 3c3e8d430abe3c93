/**
 * How the blocks of a dynamic or differencing disk are made: first a bitmap with a bit for each
 * sector, filled up to whole sectors, then the data. Virtual Hard Disk Image Format 1.0, "Block
 * Allocation Table and Data Blocks".
 */
import { SECTOR_LENGTH } from "./geometry.ts";

/** Sectors that one octet of a bitmap tells of: what is copied from a parent at once. */
export const UNIT_SECTORS = 8;
export const UNIT_LENGTH = UNIT_SECTORS * SECTOR_LENGTH;

export class BlockShape {
  /** Octets of data. */
  readonly blockLength: number;
  /** Octets of the bitmap, in whole sectors. */
  readonly bitmapLength: number;
  /** Octets of both. */
  readonly regionLength: number;

  constructor(blockLength: number) {
    this.blockLength = blockLength;
    const octets = blockLength / UNIT_LENGTH;
    this.bitmapLength = Math.ceil(octets / SECTOR_LENGTH) * SECTOR_LENGTH;
    this.regionLength = this.bitmapLength + blockLength;
  }

  /** Blocks of a disk of that many octets. */
  blockCount(size: number): number {
    return Math.ceil(size / this.blockLength);
  }
}
