/**
 * Cylinders, heads and sectors, as a BIOS would be told them, and the limits of a disk's size and
 * of its parts.
 */

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

/** Octets of a block of a dynamic disk. */
export const LEAST_BLOCK_LENGTH = 4096;
export const MOST_BLOCK_LENGTH = 256 << 20;
/** What every reader knows, and what is written. */
export const DEFAULT_BLOCK_LENGTH = 2 << 20;

/**
 * Entries of a table that are kept in memory, 16 MiB: enough for the largest disk in blocks of
 * 512 KiB, as Virtual PC made them.
 */
export const MOST_TABLE_ENTRIES = 1 << 22;

/** What a footer says of its disk's size, and what the file has room for. */
export interface SizeClaim {
  /** As it stands in the footer: no size is rounded into a right one before it is judged. */
  readonly currentSize: bigint;
  /** Octets of the file that can hold data; undefined while the file is yet to be made. */
  readonly room?: number;
}

/** What the footer and the header of a dynamic disk say of its parts. */
export interface TableClaim {
  /** Where the header is. */
  readonly headerOffset: bigint;
  readonly tableOffset: bigint;
  readonly maxTableEntries: number;
  readonly blockLength: number;
  /** Octets of the file; undefined while it is yet to be made. */
  readonly fileLength?: number;
}

/**
 * The one judgement of a disk's size and parts, for whoever creates, opens or resizes one:
 * undefined, or the flaw.
 */
export function validateGeometry(claim: SizeClaim & { table?: TableClaim }): string | undefined {
  return flawOfSize(claim) ??
    (claim.table === undefined ? undefined : flawOfTable(claim.currentSize, claim.table));
}

/** The flaw of a disk's size alone. */
function flawOfSize(claim: SizeClaim): string | undefined {
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

const HEADER_LENGTH = 1024n;
const SECTOR = BigInt(SECTOR_LENGTH);

function flawOfTable(currentSize: bigint, claim: TableClaim): string | undefined {
  const { blockLength, maxTableEntries } = claim;
  const isPower = blockLength > 0 && Number.isInteger(Math.log2(blockLength));
  if (!isPower || blockLength < LEAST_BLOCK_LENGTH || blockLength > MOST_BLOCK_LENGTH) {
    return `blocks of ${blockLength} octets are not possible: a power of two from 4 KiB to ` +
      "256 MiB is";
  }
  const needed = ceilingOf(currentSize, blockLength);
  if (BigInt(maxTableEntries) < needed) {
    return `its table has ${maxTableEntries} entries, and the disk has ${needed} blocks`;
  }
  const most = ceilingOf(BigInt(MOST_OCTETS), blockLength);
  if (BigInt(maxTableEntries) > most) {
    return `its table has ${maxTableEntries} entries, more than any disk needs (${most})`;
  }
  if (needed > BigInt(MOST_TABLE_ENTRIES)) {
    return `the disk has ${needed} blocks, more than ${MOST_TABLE_ENTRIES}; convert it to larger ` +
      "blocks where it was made";
  }
  return flawOfPlaces(claim);
}

/** The footer's copy, the header and the table each have their place in the file. */
function flawOfPlaces(claim: TableClaim): string | undefined {
  const { headerOffset, tableOffset, maxTableEntries } = claim;
  const tableLength = 4n * BigInt(maxTableEntries);
  const parts = [["header", headerOffset, HEADER_LENGTH], [
    "table",
    tableOffset,
    tableLength,
  ]] as const;
  for (const [name, offset, length] of parts) {
    if (offset % SECTOR !== 0n || offset < SECTOR) {
      return `its ${name} cannot be at ${offset}: that is no sector behind the first`;
    }
    if (claim.fileLength !== undefined && offset + length > BigInt(claim.fileLength)) {
      return `its ${name} of ${length} octets at ${offset} is not all in the file of ` +
        `${claim.fileLength} octets`;
    }
  }
  if (headerOffset < tableOffset + tableLength && tableOffset < headerOffset + HEADER_LENGTH) {
    return `its header at ${headerOffset} and its table at ${tableOffset} overlap`;
  }
  return undefined;
}

function ceilingOf(size: bigint, blockLength: number): bigint {
  return (size + BigInt(blockLength) - 1n) / BigInt(blockLength);
}
