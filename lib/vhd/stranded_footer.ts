/**
 * Finds the footer of a fixed disk that was growing when it was cut off: its file had become
 * longer, and the footer that belongs at the new end had not arrived. See README.md, "Fixed disks
 * that grow".
 */
import type { FoundFooter, ReadableFile } from "./find_footer.ts";
import { DiskType, FOOTER_LENGTH, parseFooter, resemblesFooter } from "./footer.ts";
import { FormatError } from "./format_error.ts";
import { MOST_OCTETS, SECTOR_LENGTH } from "./geometry.ts";

/** The longest power of two, in octets, by which a file grows at once: no disk is larger. */
export const LONGEST_STRIDE = 2 ** Math.floor(Math.log2(MOST_OCTETS));

/** Undefined where the file ends with anything but zeros, or none of the places has a footer. */
export function strandedFooter(file: ReadableFile): FoundFooter | undefined {
  const tail = file.length - FOOTER_LENGTH;
  if (tail < 0 || !isZero(read(file, tail))) return undefined;
  for (let stride = SECTOR_LENGTH; stride <= LONGEST_STRIDE && stride <= tail; stride *= 2) {
    const found = fixedFooterAt(file, tail - stride);
    if (found !== undefined) return found;
  }
  return undefined;
}

function fixedFooterAt(file: ReadableFile, at: number): FoundFooter | undefined {
  const octets = read(file, at);
  if (!resemblesFooter(octets)) return undefined;
  try {
    const footer = parseFooter(octets, { path: file.path, at });
    return footer.diskType === DiskType.FIXED ? { footer, at } : undefined;
  } catch (error) {
    // A guest's own data, which only looks like one.
    if (!(error instanceof FormatError)) throw error;
    return undefined;
  }
}

function read(file: ReadableFile, at: number): Uint8Array {
  const octets = new Uint8Array(FOOTER_LENGTH);
  file.read(at, octets);
  return octets;
}

function isZero(octets: Uint8Array): boolean {
  return octets.every((octet) => octet === 0);
}
