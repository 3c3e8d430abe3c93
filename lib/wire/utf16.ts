/** Text of two octets a unit, as parent names (the high octet first) and locators have it. */

export type Utf16 = "utf-16be" | "utf-16le";

/** The text, up to a NUL. Halves of surrogate pairs become replacement characters. */
export function decodeUtf16(octets: Uint8Array, encoding: Utf16): string {
  const text = new TextDecoder(encoding).decode(octets);
  const end = text.indexOf("\0");
  return end < 0 ? text : text.slice(0, end);
}

export function encodeUtf16(text: string, encoding: Utf16): Uint8Array<ArrayBuffer> {
  const octets = new Uint8Array(text.length * 2);
  const view = new DataView(octets.buffer);
  for (let at = 0; at < text.length; at++) {
    view.setUint16(at * 2, text.charCodeAt(at), encoding === "utf-16le");
  }
  return octets;
}
