/** 8-4-4-4-12 hex digits, in the order of the octets. */
export function uuidText(octets: Uint8Array): string {
  return octets.toHex().replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}
