/** CRC-32C, the digest of iSCSI headers and data. RFC 7143 13.1. */
import { fillTables, TABLE_COUNT } from "./crc32c_tables.ts";

let tables: Uint32Array | undefined;

/**
 * The CRC-32C of `length` octets from `at` on. To go on where an earlier piece ended, pass its result as
 * `seed`. On the wire the digest is little-endian, unlike all else in iSCSI: `setUint32(at, crc, true)`.
 */
export function crc32c(octets: Uint8Array, at: number, length: number, seed = 0): number {
  if (tables === undefined) fillTables(tables = new Uint32Array(TABLE_COUNT * 256));
  const t = tables;
  let crc = ~seed;
  for (let i = at; i < at + length; i++) crc = (crc >>> 8) ^ t[(crc ^ octets[i]!) & 0xff]!;
  return ~crc >>> 0;
}
