/** The octets of a new dynamic or differencing disk, none of whose blocks has a place. */
import { UNALLOCATED } from "./block_allocation_table.ts";
import { DYNAMIC_HEADER_LENGTH, emitDynamicHeader, type LocatorEntry } from "./dynamic_header.ts";
import { DiskType, emitFooter, type Footer, FOOTER_LENGTH } from "./footer.ts";
import {
  DEFAULT_BLOCK_LENGTH,
  MOST_OCTETS,
  MOST_TABLE_ENTRIES,
  SECTOR_LENGTH,
  validateGeometry,
} from "./geometry.ts";
import { newFooter, type NewFooterOptions } from "./new_footer.ts";
import { encodeWindowsPath, PlatformCode } from "./parent_locator.ts";

/** What a child is made of. */
export interface ParentOfNew {
  readonly uniqueId: Uint8Array;
  /** When it was last modified, in seconds since 2000. */
  readonly timeStamp: number;
  /** The name of its file. */
  readonly name: string;
  /** Its path as seen from the child's directory, and from the root. */
  readonly relativePath: string;
  readonly absolutePath: string;
}

export interface NewDynamicOptions extends NewFooterOptions {
  /** Capacity in octets, a multiple of 512. */
  readonly size: number;
  /** Octets of a block. */
  readonly blockLength?: number | undefined;
  /** Octets that the disk can be extended to in place, at least. */
  readonly growTo?: number | undefined;
  readonly parent?: ParentOfNew | undefined;
}

export interface NewDynamicImage {
  readonly footer: Footer;
  /** What is not zeros, and where. */
  readonly pieces: readonly { readonly position: number; readonly octets: Uint8Array }[];
  /** Octets of the file. */
  readonly length: number;
}

const HEADER_OFFSET = FOOTER_LENGTH;
/** The table and the first region begin where a page does. */
const ALIGNMENT = 4096;

/** The flaw of what is asked for, or its octets. */
export function newDynamicImage(options: NewDynamicOptions): NewDynamicImage | string {
  const { size, parent, blockLength = DEFAULT_BLOCK_LENGTH } = options;
  if (!Number.isInteger(size)) return `${size} is no number of octets`;
  const locators = parent === undefined ? [] : locatorsOf(parent);
  const locatorsEnd = HEADER_OFFSET + DYNAMIC_HEADER_LENGTH +
    locators.reduce((sum, { entry }) => sum + entry.dataSpace, 0);
  const tableOffset = aligned(locatorsEnd);
  const maxTableEntries = Math.ceil(size / blockLength);
  const table = {
    headerOffset: BigInt(HEADER_OFFSET),
    tableOffset: BigInt(tableOffset),
    maxTableEntries,
    blockLength,
  };
  const flaw = validateGeometry({ currentSize: BigInt(size), table });
  if (flaw !== undefined) return flaw;
  const footer = newFooter({
    size,
    diskType: parent === undefined ? DiskType.DYNAMIC : DiskType.DIFFERENCING,
    dataOffset: table.headerOffset,
  }, options);
  const header = emitDynamicHeader({
    tableOffset: table.tableOffset,
    maxTableEntries,
    blockLength,
    parentUniqueId: parent?.uniqueId ?? new Uint8Array(16),
    parentTimeStamp: parent?.timeStamp ?? 0,
    parentName: parent?.name ?? "",
    locators: locators.map(({ entry }) => entry),
  });
  const end = aligned(tableOffset + roomOf(options, blockLength));
  const octets = emitFooter(footer);
  return {
    footer,
    pieces: [
      { position: 0, octets },
      { position: HEADER_OFFSET, octets: header },
      ...locators.map(({ entry, data }) => ({ position: Number(entry.dataOffset), octets: data })),
      { position: tableOffset, octets: emptyTable(maxTableEntries) },
      { position: end, octets },
    ],
    length: end + FOOTER_LENGTH,
  };
}

/** Octets behind the table's beginning where no block goes, so that the table can grow. */
function roomOf({ size, growTo = MOST_OCTETS }: NewDynamicOptions, blockLength: number): number {
  const blocks = Math.ceil(Math.max(size, growTo) / blockLength);
  return Math.max(Math.ceil(size / blockLength), Math.min(blocks, MOST_TABLE_ENTRIES)) * 4;
}

function emptyTable(entries: number): Uint8Array {
  const sectors = Math.ceil(entries * 4 / SECTOR_LENGTH);
  // Every octet of an entry that names no place is the same.
  return new Uint8Array(sectors * SECTOR_LENGTH).fill(UNALLOCATED & 0xff);
}

/** The locators of a child, and their data, one behind the other after the header. */
function locatorsOf(parent: ParentOfNew): { entry: LocatorEntry; data: Uint8Array }[] {
  const paths = [
    [PlatformCode.W2RU, `./${parent.relativePath}`],
    [PlatformCode.W2KU, parent.absolutePath],
  ] as const;
  let offset = HEADER_OFFSET + DYNAMIC_HEADER_LENGTH;
  return paths.map(([platformCode, path]) => {
    const data = encodeWindowsPath(path);
    const dataSpace = Math.ceil(data.length / SECTOR_LENGTH) * SECTOR_LENGTH;
    const entry = { platformCode, dataSpace, dataLength: data.length, dataOffset: BigInt(offset) };
    offset += dataSpace;
    return { entry, data };
  });
}

function aligned(offset: number): number {
  return Math.ceil(offset / ALIGNMENT) * ALIGNMENT;
}
