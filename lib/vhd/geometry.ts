/** Cylinders, heads and sectors, as a BIOS would be told them, and the limits of a disk's size. */

export const SECTOR_LENGTH = 512;

/** The largest disk that the format's users agree on: 2,040 GiB. */
export const MOST_OCTETS = 2040 * 2 ** 30;

export interface Geometry {
  readonly cylinders: number;
  readonly heads: number;
  readonly sectorsPerTrack: number;
}

/**
 * The geometry of a disk of that many sectors. It may describe fewer, since each division drops the
 * rest. Virtual Hard Disk Image Format, "CHS Calculation".
 */
export function geometryOf(totalSectors: number): Geometry {
  const sectors = Math.min(totalSectors, 65535 * 16 * 255);
  if (sectors >= 65535 * 16 * 63) return shape(sectors, 255, 16);
  const tracks = Math.floor(sectors / 17);
  const heads = Math.max(4, Math.floor((tracks + 1023) / 1024));
  if (tracks < heads * 1024 && heads <= 16) return shape(sectors, 17, heads);
  if (Math.floor(sectors / 31) < 16 * 1024) return shape(sectors, 31, 16);
  return shape(sectors, 63, 16);
}

function shape(sectors: number, sectorsPerTrack: number, heads: number): Geometry {
  const tracks = Math.floor(sectors / sectorsPerTrack);
  return { cylinders: Math.floor(tracks / heads), heads, sectorsPerTrack };
}

/** What a footer says of its disk's size, and what the file has room for. */
export interface SizeClaim {
  /** As it stands in the footer: no size is rounded into a right one before it is judged. */
  readonly currentSize: bigint;
  /** Octets of the file that can hold data; undefined while the file is yet to be made. */
  readonly room?: number;
}

/** The one judgement of a disk's size, for whoever creates or opens one: undefined, or the flaw. */
export function flawOfSize(claim: SizeClaim): string | undefined {
  const { currentSize, room } = claim;
  if (currentSize <= 0n) return "a disk without octets is not possible";
  if (currentSize % BigInt(SECTOR_LENGTH) !== 0n) {
    return `${currentSize} octets are no whole number of sectors; take a multiple of 512`;
  }
  if (currentSize > BigInt(MOST_OCTETS)) {
    return `${currentSize} octets are more than a VHD can have: 2,040 GiB (${MOST_OCTETS})`;
  }
  if (room !== undefined && currentSize > BigInt(room)) {
    return `the disk has ${currentSize} octets, but its file holds ${room} of them: the rest is ` +
      "missing; restore it from a backup";
  }
  return undefined;
}
