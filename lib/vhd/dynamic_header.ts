/**
 * The header of a dynamic or differencing VHD: its table, and the record that is made of it once
 * all is checked. Virtual Hard Disk Image Format 1.0, "Dynamic Disk Header Format".
 */
import { ascii, bytes, layout, u32 } from "../wire/layout.ts";
import { checksum } from "./checksum.ts";
import { exactU64 } from "./exact_u64.ts";
import { NO_DATA_OFFSET } from "./footer.ts";
import { FormatError } from "./format_error.ts";
import { hex32 } from "./hex32.ts";
import { decodeUtf16, encodeUtf16 } from "../wire/utf16.ts";

export const DYNAMIC_HEADER_LENGTH = 1024;
export const DYNAMIC_COOKIE = "cxsparse";
/** Major version 1, minor version 0. */
export const HEADER_VERSION = 0x0001_0000;
/** Octets of the parent's name, two a character. */
const NAME_LENGTH = 512;

export const DynamicHeaderLayout = layout(DYNAMIC_HEADER_LENGTH, {
  cookie: ascii(0, 8),
  dataOffset: exactU64(8), // nothing follows: all ones
  tableOffset: exactU64(16),
  headerVersion: u32(24),
  maxTableEntries: u32(28),
  blockSize: u32(32),
  checksum: u32(36),
  parentUniqueId: bytes(40, 16),
  parentTimeStamp: u32(56),
  parentUnicodeName: bytes(64, NAME_LENGTH),
  parentLocatorEntries: bytes(576, 8 * 24),
});
const CHECKSUM_AT = DynamicHeaderLayout.fields.checksum.at;

/** One of the eight entries that say where a child's parent may be. */
export const ParentLocatorLayout = layout(24, {
  platformCode: u32(0),
  platformDataSpace: u32(4),
  platformDataLength: u32(8),
  platformDataOffset: exactU64(16),
});
export const LOCATOR_COUNT = 8;

/** A locator as it stands in the header; what it points to has not been looked at. */
export interface LocatorEntry {
  readonly platformCode: number;
  /** Octets set aside for the locator's data; some wrote sectors. */
  readonly dataSpace: number;
  /** Octets of the locator's data. */
  readonly dataLength: number;
  readonly dataOffset: bigint;
}

/** A header whose cookie, version and checksum are right; its numbers are as claimed. */
export interface DynamicHeader {
  readonly tableOffset: bigint;
  readonly maxTableEntries: number;
  /** Octets of a block, without its bitmap. */
  readonly blockLength: number;
  /** All zeros for a dynamic disk. */
  readonly parentUniqueId: Uint8Array;
  /** When the parent was last modified, in seconds since 2000. */
  readonly parentTimeStamp: number;
  /** The name of the parent's file; empty for a dynamic disk. */
  readonly parentName: string;
  /** Those of the eight entries that are used. */
  readonly locators: readonly LocatorEntry[];
}

/** Reads a header of 1024 octets; fails with a FormatError at what is wrong with it. */
export function parseDynamicHeader(
  octets: Uint8Array,
  where: { path: string; at: number },
): DynamicHeader {
  const view = new DynamicHeaderLayout(octets);
  const wrong = (field: keyof typeof DynamicHeaderLayout.fields, message: string) =>
    new FormatError(message, { ...where, at: where.at + DynamicHeaderLayout.fields[field].at });
  if (view.cookie !== DYNAMIC_COOKIE) {
    throw wrong("cookie", `no header of a dynamic disk: it does not begin with "cxsparse"`);
  }
  const sum = checksum(octets, CHECKSUM_AT);
  if (view.checksum !== sum) {
    const found = hex32(view.checksum);
    throw wrong("checksum", `bad checksum of the dynamic header: ${found}, not ${hex32(sum)}`);
  }
  if (view.headerVersion !== HEADER_VERSION) {
    const version = hex32(view.headerVersion);
    throw wrong("headerVersion", `unknown version ${version} of the dynamic header; 1.0 is known`);
  }
  return {
    tableOffset: view.tableOffset,
    maxTableEntries: view.maxTableEntries,
    blockLength: view.blockSize,
    parentUniqueId: view.parentUniqueId.slice(),
    parentTimeStamp: view.parentTimeStamp,
    parentName: decodeUtf16(view.parentUnicodeName, "utf-16be"),
    locators: locatorsOf(view.parentLocatorEntries),
  };
}

function locatorsOf(entries: Uint8Array): LocatorEntry[] {
  const locators: LocatorEntry[] = [];
  for (let index = 0; index < LOCATOR_COUNT; index++) {
    const view = new ParentLocatorLayout(entries, index * ParentLocatorLayout.length);
    if (view.platformCode === 0) continue;
    locators.push({
      platformCode: view.platformCode,
      dataSpace: view.platformDataSpace,
      dataLength: view.platformDataLength,
      dataOffset: view.platformDataOffset,
    });
  }
  return locators;
}

/** The 1024 octets of a header, checksum and all. */
export function emitDynamicHeader(header: DynamicHeader): Uint8Array<ArrayBuffer> {
  const octets = new Uint8Array(DYNAMIC_HEADER_LENGTH);
  const view = new DynamicHeaderLayout(octets);
  view.cookie = DYNAMIC_COOKIE;
  view.dataOffset = NO_DATA_OFFSET;
  view.tableOffset = header.tableOffset;
  view.headerVersion = HEADER_VERSION;
  view.maxTableEntries = header.maxTableEntries;
  view.blockSize = header.blockLength;
  view.parentUniqueId = header.parentUniqueId;
  view.parentTimeStamp = header.parentTimeStamp;
  view.parentUnicodeName = encodeUtf16(header.parentName, "utf-16be");
  view.parentLocatorEntries = emitLocators(header.locators);
  view.checksum = checksum(octets, CHECKSUM_AT);
  return octets;
}

function emitLocators(locators: readonly LocatorEntry[]): Uint8Array {
  const entries = new Uint8Array(LOCATOR_COUNT * ParentLocatorLayout.length);
  for (const [index, locator] of locators.slice(0, LOCATOR_COUNT).entries()) {
    const view = new ParentLocatorLayout(entries, index * ParentLocatorLayout.length);
    view.platformCode = locator.platformCode;
    view.platformDataSpace = locator.dataSpace;
    view.platformDataLength = locator.dataLength;
    view.platformDataOffset = locator.dataOffset;
  }
  return entries;
}
