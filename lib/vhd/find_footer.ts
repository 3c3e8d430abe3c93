/**
 * Finds the footers of a VHD in its file: the one at the end that every disk has, and the copy at
 * the beginning that a dynamic or differencing one has too.
 */
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

/** A file that is open already, to look into. */
export function readable(file: PositionalFile): ReadableFile {
  const { path, length } = file;
  const read = (position: number, into: Uint8Array) =>
    file.readSync(position, into, 0, into.length);
  return { path, length, read };
}

export interface FoundFooter {
  readonly footer: Footer;
  /** Where it begins. A fixed disk's data ends before it. */
  readonly at: number;
}

/** What is in a place where a footer should be. */
export type FooterPlace = FoundFooter | FormatError | undefined;

export interface Footers {
  /** At the file's end. */
  readonly tail: FooterPlace;
  /** At its beginning; undefined where a fixed disk has its data. */
  readonly head: FooterPlace;
  /** Where a fixed disk that was growing has left it. */
  readonly stranded: FoundFooter | undefined;
}

/** All footers: each as found, or its damage, or nothing like one. */
export function readFooters(file: ReadableFile): Footers {
  return { tail: tailFooter(file), head: headCopy(file), stranded: strandedFooter(file) };
}

/**
 * The footer in force: of a fixed disk the one at the end, and else the copy at the beginning,
 * which no write of a guest's comes near, before the one at the end. Undefined when no place has
 * anything like a footer; fails with a FormatError when there is one and it is damaged.
 */
export function footerInForce({ tail, head, stranded }: Footers): FoundFooter | undefined {
  if (isFound(tail) && tail.footer.diskType === DiskType.FIXED) return tail;
  if (isFound(head)) return head;
  if (isFound(tail)) return tail;
  if (stranded !== undefined) return stranded;
  const damage = tail ?? head;
  if (damage !== undefined) throw damage;
  return undefined;
}

/** The footer in force of a file. */
export function findFooter(file: ReadableFile): FoundFooter | undefined {
  return footerInForce(readFooters(file));
}

export function isFound(place: FooterPlace): place is FoundFooter {
  return place !== undefined && !(place instanceof FormatError);
}

function tailFooter(file: ReadableFile): FooterPlace {
  let damage: FormatError | undefined;
  for (const length of [FOOTER_LENGTH, OLD_FOOTER_LENGTH]) {
    const place = footerAt(file, file.length - length, length);
    if (isFound(place)) return place;
    damage ??= place;
  }
  return damage;
}

/** What a fixed disk begins with is its data, whatever it looks like. */
function headCopy(file: ReadableFile): FooterPlace {
  const place = footerAt(file, 0, FOOTER_LENGTH);
  return isFound(place) && place.footer.diskType === DiskType.FIXED ? undefined : place;
}

function footerAt(file: ReadableFile, at: number, length: number): FooterPlace {
  if (at < 0 || at + length > file.length) return undefined;
  const octets = new Uint8Array(length);
  file.read(at, octets);
  if (!resemblesFooter(octets)) return undefined;
  try {
    return { footer: parseFooter(octets, { path: file.path, at }), at };
  } catch (error) {
    if (!(error instanceof FormatError)) throw error;
    return error;
  }
}
