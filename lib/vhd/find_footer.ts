/** Finds the footer of a VHD in its file. */
import type { PositionalFile } from "../block/positional_file.ts";
import {
  DiskType,
  type Footer,
  FOOTER_LENGTH,
  OLD_FOOTER_LENGTH,
  parseFooter,
  resemblesFooter,
} from "./footer.ts";
import { FormatError } from "./format_error.ts";
import { strandedFooter } from "./stranded_footer.ts";

/** A file to look into. */
export interface ReadableFile {
  readonly path: string;
  readonly length: number;
  /** Reads exactly `into`; the range lies in the file. */
  read(position: number, into: Uint8Array): void;
}

/** A file that is open, to look into. */
export function readable(file: PositionalFile): ReadableFile {
  const { path, length } = file;
  return {
    path,
    length,
    read: (position, into) => file.readSync(position, into, 0, into.length),
  };
}

export interface FoundFooter {
  readonly footer: Footer;
  /** Where it begins. A fixed disk's data ends before it. */
  readonly at: number;
}

/**
 * The footer at the file's end, else its copy at the beginning, which a dynamic or differencing
 * disk has, else where a fixed disk that was growing has left it; undefined when no place has
 * anything like one. Fails with a FormatError when there is one that is damaged.
 */
export function findFooter(file: ReadableFile): FoundFooter | undefined {
  let damage: FormatError | undefined;
  for (const length of [FOOTER_LENGTH, OLD_FOOTER_LENGTH]) {
    try {
      const found = footerAt(file, file.length - length, length);
      if (found !== undefined) return found;
    } catch (error) {
      if (!(error instanceof FormatError)) throw error;
      damage ??= error;
    }
  }
  const copy = headCopy(file) ?? strandedFooter(file);
  if (copy !== undefined) return copy;
  if (damage !== undefined) throw damage;
  return undefined;
}

function footerAt(file: ReadableFile, at: number, length: number): FoundFooter | undefined {
  if (at < 0 || at + length > file.length) return undefined;
  const octets = new Uint8Array(length);
  file.read(at, octets);
  if (!resemblesFooter(octets)) return undefined;
  return { footer: parseFooter(octets, { path: file.path, at }), at };
}

/** What a fixed disk begins with is its data, whatever it looks like. */
function headCopy(file: ReadableFile): FoundFooter | undefined {
  try {
    const found = footerAt(file, 0, FOOTER_LENGTH);
    return found?.footer.diskType === DiskType.FIXED ? undefined : found;
  } catch (error) {
    if (!(error instanceof FormatError)) throw error;
    return undefined;
  }
}
