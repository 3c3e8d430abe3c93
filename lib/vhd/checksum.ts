/**
 * The checksum of footers and dynamic headers: the one's complement of the sum of all octets but
 * its own four. Virtual Hard Disk Image Format, "Hard Disk Footer Format".
 */
export function checksum(structure: Uint8Array, checksumAt: number): number {
  let sum = 0;
  for (const [at, octet] of structure.entries()) {
    if (at < checksumAt || at >= checksumAt + 4) sum += octet;
  }
  return ~sum >>> 0;
}
