/**
 * CRC-32C by tables: what the WebAssembly module starts from, and what replaces it where it cannot
 * run.
 */

/** The Castagnoli polynomial of RFC 7143 13.1, 0x11edc6f41, with its bits reversed. */
const REVERSED_POLYNOMIAL = 0x82f63b78;

const TABLE_COUNT = 16;

/**
 * Sixteen tables of 256 words, one behind the other. Table k holds what an octet that k others
 * follow contributes to the remainder.
 */
export function makeTables(): Uint32Array {
  const tables = new Uint32Array(TABLE_COUNT * 256);
  for (let octet = 0; octet < 256; octet++) {
    let remainder = octet;
    for (let bit = 0; bit < 8; bit++) {
      remainder = (remainder >>> 1) ^ ((remainder & 1) * REVERSED_POLYNOMIAL);
    }
    tables[octet] = remainder;
  }
  for (let i = 256; i < tables.length; i++) {
    const before = tables[i - 256]!;
    tables[i] = (before >>> 8) ^ tables[before & 0xff]!;
  }
  return tables;
}

let tables: Uint32Array | undefined;

/** As `crc32c`, an octet a step. */
export function crc32cByTables(
  octets: Uint8Array,
  at: number,
  length: number,
  seed: number,
): number {
  const table = tables ??= makeTables();
  const end = at + length;
  let crc = ~seed;
  for (let i = at; i < end; i++) crc = (crc >>> 8) ^ table[(crc ^ octets[i]!) & 0xff]!;
  return ~crc >>> 0;
}
