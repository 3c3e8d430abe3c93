/**
 * The footer that ends every VHD (and begins a dynamic or differencing one, as a copy): its table,
 * and the record that is made of it once all is checked. Virtual Hard Disk Image Format 1.0, "Hard
 * Disk Footer Format".
 */
import { ascii, bytes, layout, u16, u32, u8 } from "../wire/layout.ts";
import { checksum } from "./checksum.ts";
import { exactU64 } from "./exact_u64.ts";
import { FormatError } from "./format_error.ts";
import type { Geometry } from "./geometry.ts";
import { hex32 } from "./hex32.ts";
import { dateOf, timeStampOf } from "./time_stamp.ts";

export const FOOTER_LENGTH = 512;
/** Virtual PC before 2004 wrote footers one octet short of a sector. */
export const OLD_FOOTER_LENGTH = 511;

export const COOKIE = "conectix";
/** Major version 1, minor version 0: the only one there is. */
export const FILE_FORMAT_VERSION = 0x0001_0000;
/** The bit of the features field that is always set. */
export const FEATURES_RESERVED = 0x2;
/** Where nothing follows the data: the data offset of a fixed disk. */
export const NO_DATA_OFFSET = 0xffff_ffff_ffff_ffffn;

export const DiskType = { FIXED: 2, DYNAMIC: 3, DIFFERENCING: 4 } as const;
export type DiskType = (typeof DiskType)[keyof typeof DiskType];
const DISK_TYPES: readonly number[] = Object.values(DiskType);

export const FooterLayout = layout(FOOTER_LENGTH, {
  cookie: ascii(0, 8),
  features: u32(8),
  fileFormatVersion: u32(12),
  dataOffset: exactU64(16),
  timeStamp: u32(24),
  creatorApplication: ascii(28, 4),
  creatorVersion: u32(32),
  creatorHostOS: ascii(36, 4),
  originalSize: exactU64(40),
  currentSize: exactU64(48),
  cylinders: u16(56),
  heads: u8(58),
  sectorsPerTrack: u8(59),
  diskType: u32(60),
  checksum: u32(64),
  uniqueId: bytes(68, 16),
  savedState: u8(84),
});
const CHECKSUM_AT = FooterLayout.fields.checksum.at;

/** A footer that was found sound, or is to be written. */
export interface Footer {
  readonly features: number;
  readonly dataOffset: bigint;
  readonly created: Date;
  readonly creatorApplication: string;
  readonly creatorVersion: number;
  readonly creatorHostOS: string;
  readonly originalSize: bigint;
  /** The disk's capacity in octets, as claimed: `validateGeometry` judges it. */
  readonly currentSize: bigint;
  readonly geometry: Geometry;
  readonly diskType: DiskType;
  readonly uniqueId: Uint8Array;
  /** The machine that used the disk was put to sleep with it. */
  readonly savedState: boolean;
}

/** Whether the octets begin as a footer does, sound or not. */
export function resemblesFooter(octets: Uint8Array): boolean {
  return octets.length >= COOKIE.length && new FooterLayout(octets).cookie === COOKIE;
}

/** Reads a footer of 512 or 511 octets; fails with a FormatError at what is wrong with it. */
export function parseFooter(octets: Uint8Array, where: { path: string; at: number }): Footer {
  if (octets.length !== FOOTER_LENGTH && octets.length !== OLD_FOOTER_LENGTH) {
    throw new FormatError(`a footer has ${FOOTER_LENGTH} octets, not ${octets.length}`, where);
  }
  const view = new FooterLayout(octets);
  const wrong = (field: keyof typeof FooterLayout.fields, message: string) =>
    new FormatError(message, { ...where, at: where.at + FooterLayout.fields[field].at });
  if (view.cookie !== COOKIE) {
    throw wrong("cookie", `no VHD footer: it does not begin with "${COOKIE}"`);
  }
  const sum = checksum(octets, CHECKSUM_AT);
  if (view.checksum !== sum) {
    throw wrong(
      "checksum",
      `bad checksum of the footer: ${hex32(view.checksum)}, not ${hex32(sum)}`,
    );
  }
  if (view.fileFormatVersion !== FILE_FORMAT_VERSION) {
    const version = hex32(view.fileFormatVersion);
    throw wrong("fileFormatVersion", `unknown file format version ${version}; 1.0 is known`);
  }
  const { diskType } = view;
  if (!isDiskType(diskType)) throw wrong("diskType", `unknown disk type ${diskType}`);
  return record(view, diskType);
}

function record(view: InstanceType<typeof FooterLayout>, diskType: DiskType): Footer {
  const { cylinders, heads, sectorsPerTrack } = view;
  return {
    features: view.features,
    dataOffset: view.dataOffset,
    created: dateOf(view.timeStamp),
    creatorApplication: view.creatorApplication,
    creatorVersion: view.creatorVersion,
    creatorHostOS: view.creatorHostOS,
    originalSize: view.originalSize,
    currentSize: view.currentSize,
    geometry: { cylinders, heads, sectorsPerTrack },
    diskType,
    uniqueId: view.uniqueId.slice(),
    savedState: view.savedState !== 0,
  };
}

/** The 512 octets of a footer, checksum and all. */
export function emitFooter(footer: Footer): Uint8Array<ArrayBuffer> {
  const octets = new Uint8Array(FOOTER_LENGTH);
  const view = new FooterLayout(octets);
  view.cookie = COOKIE;
  view.features = footer.features;
  view.fileFormatVersion = FILE_FORMAT_VERSION;
  view.dataOffset = footer.dataOffset;
  view.timeStamp = timeStampOf(footer.created);
  view.creatorApplication = footer.creatorApplication;
  view.creatorVersion = footer.creatorVersion;
  view.creatorHostOS = footer.creatorHostOS;
  view.originalSize = footer.originalSize;
  view.currentSize = footer.currentSize;
  view.cylinders = footer.geometry.cylinders;
  view.heads = footer.geometry.heads;
  view.sectorsPerTrack = footer.geometry.sectorsPerTrack;
  view.diskType = footer.diskType;
  view.uniqueId = footer.uniqueId;
  view.savedState = footer.savedState ? 1 : 0;
  view.checksum = checksum(octets, CHECKSUM_AT);
  return octets;
}

function isDiskType(value: number): value is DiskType {
  return DISK_TYPES.includes(value);
}
