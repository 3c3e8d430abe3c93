/** Octets as text values: hexadecimal behind 0x, base64 behind 0b. RFC 7143 6.1. */

const HEXADECIMAL = /^0[xX]([0-9A-Fa-f]+)$/;
const BASE64 = /^0[bB]((?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?)$/;

/** The octets that `text` spells, or undefined if it spells none or more than `limit`. */
export function parseBinary(text: string, limit: number): Uint8Array | undefined {
  const digits = HEXADECIMAL.exec(text)?.[1];
  if (digits !== undefined) return parseHexadecimal(digits, limit);
  const base64 = BASE64.exec(text)?.[1];
  if (base64 === undefined || base64 === "" || base64.length > Math.ceil(limit / 3) * 4) {
    return undefined;
  }
  const octets = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
  return octets.length > limit ? undefined : octets;
}

/** An odd digit is the lower half of the first octet. */
function parseHexadecimal(digits: string, limit: number): Uint8Array | undefined {
  const even = digits.length % 2 === 0 ? digits : "0" + digits;
  const length = even.length / 2;
  if (length > limit) return undefined;
  const octets = new Uint8Array(length);
  for (let i = 0; i < length; i++) octets[i] = Number.parseInt(even.slice(2 * i, 2 * i + 2), 16);
  return octets;
}

/** Octets as hexadecimal text, which every peer reads. */
export function emitBinary(octets: Uint8Array): string {
  let text = "0x";
  for (const octet of octets) text += octet.toString(16).padStart(2, "0");
  return text;
}
