/** The tables of the CRC-32C (Castagnoli) polynomial, for reading sixteen octets a step. */

/** The polynomial of RFC 7143 13.1, 0x11edc6f41, with its bits reversed. */
const REVERSED_POLYNOMIAL = 0x82f63b78;

/** How many octets a step can take. */
export const TABLE_COUNT = 16;

/**
 * Writes TABLE_COUNT tables of 256 words, one behind the other. Table k holds what an octet that k
 * others follow contributes to the remainder.
 */
export function fillTables(tables: Uint32Array): void {
  for (let octet = 0; octet < 256; octet++) {
    let remainder = octet;
    for (let bit = 0; bit < 8; bit++) {
      remainder = (remainder >>> 1) ^ ((remainder & 1) * REVERSED_POLYNOMIAL);
    }
    tables[octet] = remainder;
  }
  for (let i = 256; i < TABLE_COUNT * 256; i++) {
    const before = tables[i - 256]!;
    tables[i] = (before >>> 8) ^ tables[before & 0xff]!;
  }
}
