/**
 * The side journal of a disk that is open for writing: a header, then two halves of records. It is
 * our own, no part of the format; a disk without it is a whole VHD all the same.
 */
import { crc32c } from "../wire/crc32c.ts";
import { ascii, bytes, layout, u32, u64 } from "../wire/layout.ts";

export const JOURNAL_COOKIE = "sanctlsj";
export const JOURNAL_VERSION = 1;

export const JournalHeaderLayout = layout(512, {
  cookie: ascii(0, 8),
  version: u32(8),
  recordsOfHalf: u32(12),
  bootId: bytes(16, 16), // the kernel's start in which it was made; zeros: not known
  diskId: bytes(32, 16), // the unique id of the disk's footer
  salt: u32(48), // of the records of this opening
  floor: u64(52), // the disk's file is not to be cut before this
  checksum: u32(508),
});

/** Units that the disk got: where their block is, and which they are. */
export const JournalRecordLayout = layout(32, {
  salt: u32(0),
  block: u32(4),
  sector: u32(8),
  firstUnit: u32(12),
  endUnit: u32(16),
  checksum: u32(28),
});

/** What the checksum of the structure that ends at `end` should be: it is the last four octets. */
export function journalChecksum(octets: Uint8Array, at: number, length: number): number {
  return crc32c(octets, at, length - 4);
}
