/**
 * What the file of a dynamic or differencing disk says of itself, once its footer, header and table
 * have been found sound. Where its blocks lie is not judged here: `blockFlaws` does that.
 */
import type { PositionalFile } from "../block/positional_file.ts";
import { BlockAllocationTable } from "./block_allocation_table.ts";
import type { Region } from "./block_flaws.ts";
import { BlockShape } from "./block_shape.ts";
import {
  DYNAMIC_HEADER_LENGTH,
  type DynamicHeader,
  type LocatorEntry,
  parseDynamicHeader,
} from "./dynamic_header.ts";
import type { FoundFooter } from "./find_footer.ts";
import { DiskType, type Footer, FOOTER_LENGTH } from "./footer.ts";
import { FormatError } from "./format_error.ts";
import { validateGeometry } from "./geometry.ts";
import { decodeLocator, MOST_LOCATOR_OCTETS } from "./parent_locator.ts";

export interface DynamicImage {
  readonly footer: Footer;
  readonly header: DynamicHeader;
  readonly headerOffset: number;
  readonly shape: BlockShape;
  readonly table: BlockAllocationTable;
  /** Capacity in octets. */
  readonly size: number;
  /** What no block may lie over. */
  readonly metadata: readonly Region[];
}

/** Reads what follows from the footer in force; fails with a FormatError at what is wrong. */
export async function readDynamicImage(
  file: PositionalFile,
  { footer, at }: FoundFooter,
): Promise<DynamicImage> {
  const octets = readHeaderOctets(file, footer, at);
  const header = parseDynamicHeader(octets, { path: file.path, at: Number(footer.dataOffset) });
  return await dynamicImageOf(file, footer, header);
}

/** The same of a header that has been read; its numbers are judged here. */
export async function dynamicImageOf(
  file: PositionalFile,
  footer: Footer,
  header: DynamicHeader,
): Promise<DynamicImage> {
  const { tableOffset, maxTableEntries, blockLength } = header;
  const headerOffset = footer.dataOffset;
  const table = { headerOffset, tableOffset, maxTableEntries, blockLength };
  const flaw = validateGeometry({
    currentSize: footer.currentSize,
    table: { ...table, fileLength: file.length },
  });
  if (flaw !== undefined) {
    throw new FormatError(flaw, { path: file.path, at: Number(headerOffset) });
  }
  const shape = new BlockShape(blockLength);
  const size = Number(footer.currentSize);
  return {
    footer,
    header,
    headerOffset: Number(headerOffset),
    shape,
    table: await BlockAllocationTable.read(file, Number(tableOffset), shape.blockCount(size)),
    size,
    metadata: metadataOf(file, footer, header),
  };
}

/** The octets where the footer says that the header is; fails where that is not in the file. */
export function readHeaderOctets(
  file: PositionalFile,
  footer: Footer,
  footerAt: number,
): Uint8Array {
  const { path, length } = file;
  if (footer.dataOffset + BigInt(DYNAMIC_HEADER_LENGTH) > BigInt(length)) {
    const message = `its header should be at ${footer.dataOffset}, behind the end of the file`;
    throw new FormatError(message, { path, at: footerAt });
  }
  const octets = new Uint8Array(DYNAMIC_HEADER_LENGTH);
  file.readSync(Number(footer.dataOffset), octets, 0, octets.length);
  return octets;
}

export function metadataOf(
  file: PositionalFile,
  footer: Footer,
  header: DynamicHeader,
): Region[] {
  const locators = footer.diskType === DiskType.DIFFERENCING ? header.locators : [];
  return [
    { name: "the copy of the footer", offset: 0, length: FOOTER_LENGTH },
    { name: "the header", offset: Number(footer.dataOffset), length: DYNAMIC_HEADER_LENGTH },
    {
      name: "the table",
      offset: Number(header.tableOffset),
      length: header.maxTableEntries * 4,
    },
    ...locators.filter((locator) => isReadable(file, locator)).map((locator) => ({
      name: "a parent locator",
      offset: Number(locator.dataOffset),
      length: locator.dataLength,
    })),
  ];
}

/** The paths that a child names its parent by, in the order of its locators. */
export function locatorPaths(file: PositionalFile, header: DynamicHeader): string[] {
  const paths: string[] = [];
  for (const locator of header.locators) {
    if (!isReadable(file, locator)) continue;
    const octets = new Uint8Array(locator.dataLength);
    file.readSync(Number(locator.dataOffset), octets, 0, octets.length);
    const path = decodeLocator(locator.platformCode, octets);
    if (path !== undefined) paths.push(path);
  }
  return paths;
}

function isReadable(file: PositionalFile, { dataOffset, dataLength }: LocatorEntry): boolean {
  return dataLength > 0 && dataLength <= MOST_LOCATOR_OCTETS &&
    dataOffset + BigInt(dataLength) <= BigInt(file.length);
}
