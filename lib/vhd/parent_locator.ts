/**
 * Where a child says that its parent is: paths in the forms of several systems, none of which is
 * more than a hint. Virtual Hard Disk Image Format 1.0, "Dynamic Disk Header Format", parent
 * locator entries.
 */
import { decodeUtf16, encodeUtf16 } from "../wire/utf16.ts";

/** How a platform writes paths. */
interface Platform {
  readonly name: string;
  /** The path, with `/` between its parts; undefined: none can be read. */
  decode(octets: Uint8Array): string | undefined;
}

export const PlatformCode = {
  W2RU: 0x5732_7275, // relative, UTF-16
  W2KU: 0x5732_6b75, // absolute, UTF-16
  WI2R: 0x5769_3272, // relative, in a code page nobody names
  WI2K: 0x5769_326b,
  MACX: 0x4d61_6358, // a file: URL
} as const;

const PLATFORMS: ReadonlyMap<number, Platform> = new Map([
  [PlatformCode.W2RU, { name: "W2ru", decode: windowsPath }],
  [PlatformCode.W2KU, { name: "W2ku", decode: windowsPath }],
  [PlatformCode.WI2R, { name: "Wi2r", decode: oldWindowsPath }],
  [PlatformCode.WI2K, { name: "Wi2k", decode: oldWindowsPath }],
  [PlatformCode.MACX, { name: "MacX", decode: fileUrl }],
]);

/** A locator's data is a path; more octets are none. */
export const MOST_LOCATOR_OCTETS = 64 << 10;

/** What a locator of that platform says, with `/` between the parts; undefined: it says nothing. */
export function decodeLocator(platformCode: number, octets: Uint8Array): string | undefined {
  const path = PLATFORMS.get(platformCode)?.decode(octets);
  return path === undefined || path === "" ? undefined : path;
}

/** The data of a W2ru or W2ku locator. */
export function encodeWindowsPath(path: string): Uint8Array<ArrayBuffer> {
  return encodeUtf16(path.replaceAll("/", "\\"), "utf-16le");
}

function windowsPath(octets: Uint8Array): string {
  return decodeUtf16(octets, "utf-16le").replaceAll("\\", "/");
}

/** Beyond ASCII nobody knows what was meant: the name is then looked for in vain. */
function oldWindowsPath(octets: Uint8Array): string {
  return new TextDecoder("windows-1252").decode(octets).replace(/\0.*$/s, "").replaceAll("\\", "/");
}

function fileUrl(octets: Uint8Array): string | undefined {
  const text = new TextDecoder().decode(octets).replace(/\0.*$/s, "");
  if (!URL.canParse(text)) return undefined;
  const { protocol, pathname } = new URL(text);
  if (protocol !== "file:") return undefined;
  try {
    return decodeURIComponent(pathname);
  } catch (error) {
    if (!(error instanceof URIError)) throw error;
    return undefined;
  }
}
