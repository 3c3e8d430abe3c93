/** GUIDs as partition tables hold them: the first three groups with their lowest octet first. */

const FORM = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
/** The order in which the octets of the text lie in the table. UEFI 2.10 appendix A. */
const ORDER = [3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15] as const;

export const GUID_LENGTH = 16;

export function isGuid(text: string): boolean {
  return FORM.test(text.toLowerCase());
}

/** The octets of a GUID's text. */
export function parseGuid(text: string): Uint8Array<ArrayBuffer> {
  const octets = Uint8Array.fromHex(text.replaceAll("-", ""));
  return Uint8Array.from(ORDER, (at) => octets[at]!);
}

/** In lower case. */
export function formatGuid(octets: Uint8Array): string {
  const ordered = Uint8Array.from(ORDER, (at) => octets[at]!);
  return ordered.toHex().replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}

/** Makes 16 random octets a GUID of version 4, in place. RFC 9562 5.4. */
export function madeRandomGuid<T extends Uint8Array>(octets: T): T {
  octets[7] = (octets[7]! & 0x0f) | 0x40;
  octets[8] = (octets[8]! & 0x3f) | 0x80;
  return octets;
}
