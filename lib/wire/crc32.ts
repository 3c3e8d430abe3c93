/** CRC-32 of ISO/IEC/IEEE 8802-3, by which GUID partition tables are checked. */

const REVERSED_POLYNOMIAL = 0xedb8_8320;

let table: Uint32Array | undefined;

export function crc32(octets: Uint8Array): number {
  table ??= Uint32Array.from({ length: 256 }, (_, octet) => remainderOf(octet));
  let crc = 0xffff_ffff;
  for (const octet of octets) crc = table[(crc ^ octet) & 0xff]! ^ (crc >>> 8);
  return (crc ^ 0xffff_ffff) >>> 0;
}

function remainderOf(octet: number): number {
  let remainder = octet;
  for (let bit = 0; bit < 8; bit++) {
    remainder = (remainder >>> 1) ^ (remainder & 1 ? REVERSED_POLYNOMIAL : 0);
  }
  return remainder >>> 0;
}
