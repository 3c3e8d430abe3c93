/**
 * The footer that a file is to be judged by, also where none is whole and in its place. What is not
 * whole must be vouched for by the rest of the file before anything is written after it.
 */
import type { PositionalFile } from "../../block/positional_file.ts";
import {
  footerInForce,
  type FooterPlace,
  type Footers,
  type FoundFooter,
  isFound,
  readable,
  readFooters,
} from "../find_footer.ts";
import { DiskType, emitFooter, type Footer, FOOTER_LENGTH } from "../footer.ts";
import { FormatError } from "../format_error.ts";
import { footerButForChecksum } from "./damaged.ts";
import { strayFooters } from "./stray_footers.ts";

/** Why a footer is not simply taken for what it says. */
export type Doubt =
  | "checksum" // it is in its place, and its checksum is wrong
  | "stray"; // it is whole, and near the end of the file instead of at it

export interface BelievedFooter extends FoundFooter {
  readonly doubt: Doubt | undefined;
}

export interface FooterView {
  readonly footers: Footers;
  /** The likeliest first; none where there is nothing like a footer. */
  readonly candidates: readonly BelievedFooter[];
  /** Two footers that both stand in their places contradict each other. */
  readonly contradicts: boolean;
}

export function viewFooters(file: PositionalFile): FooterView {
  const footers = readFooters(readable(file));
  const { head, tail, stranded } = footers;
  const fixed = fixedBesides(file, footers);
  if (fixed !== undefined) {
    // What a fixed disk begins with is its guest's; what a growing one ends with may be.
    return { footers, candidates: [fixed], contradicts: isFound(head) };
  }
  const inForce = isFound(head) || isFound(tail) || stranded !== undefined
    ? footerInForce(footers)
    : undefined;
  if (inForce !== undefined) {
    return { footers, candidates: [{ ...inForce, doubt: undefined }], contradicts: false };
  }
  const damaged = [damagedAt(file, head), damagedAt(file, tail)].filter((it) => it !== undefined);
  const contradicts = damaged.length === 2 && !isSame(damaged[0]!.footer, damaged[1]!.footer);
  const strays = strayFooters(readable(file)).map((it) => ({ ...it, doubt: "stray" as const }));
  return { footers, candidates: [...damaged, ...strays], contradicts };
}

/** A fixed disk's footer that says exactly where it is, where the one at the end is not whole. */
function fixedBesides(file: PositionalFile, { tail, stranded }: Footers) {
  if (isFound(tail) || stranded !== undefined) return undefined;
  const strays = strayFooters(readable(file)).map((it) => ({ ...it, doubt: "stray" as const }));
  return [damagedAt(file, tail), ...strays].find((it) =>
    it?.footer.diskType === DiskType.FIXED && it.footer.currentSize === BigInt(it.at)
  );
}

function damagedAt(file: PositionalFile, place: FooterPlace): BelievedFooter | undefined {
  if (!(place instanceof FormatError)) return undefined;
  const start = damagedStart(place, file.length);
  if (start === undefined) return undefined;
  const octets = new Uint8Array(Math.min(FOOTER_LENGTH, file.length - start));
  file.readSync(start, octets, 0, octets.length);
  const footer = footerButForChecksum(octets, { path: file.path, at: start });
  return footer && { footer, at: start, doubt: "checksum" };
}

/** Where the footer begins in which something is wrong at a place. */
function damagedStart({ at }: FormatError, fileLength: number): number | undefined {
  const starts = [0, fileLength - FOOTER_LENGTH, fileLength - FOOTER_LENGTH + 1];
  return starts.find((start) => at >= start && at < start + FOOTER_LENGTH);
}

export function isSame(one: Footer, other: Footer): boolean {
  const [first, second] = [emitFooter(one), emitFooter(other)];
  return first.every((octet, at) => octet === second[at]);
}
