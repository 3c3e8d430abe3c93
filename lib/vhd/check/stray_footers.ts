/**
 * Finds footers near a file's end that are not at its end, as after a copy that added or lost
 * something there. Other readers look for them in the last 4 MiB too.
 */
import { type FoundFooter, isFound, type ReadableFile } from "../find_footer.ts";
import { FOOTER_LENGTH, parseFooter, resemblesFooter } from "../footer.ts";
import { FormatError } from "../format_error.ts";
import { SECTOR_LENGTH } from "../geometry.ts";

const SCANNED_OCTETS = 4 << 20;
/** Candidates that are looked at: a guest may have written any number of them. */
const MOST_FOUND = 16;

/** Those that are whole, the last one first; they may be a guest's data. */
export function strayFooters(file: ReadableFile): FoundFooter[] {
  const last = Math.floor((file.length - FOOTER_LENGTH) / SECTOR_LENGTH) * SECTOR_LENGTH;
  const first = Math.max(0, last - SCANNED_OCTETS);
  if (last < 0) return [];
  const octets = new Uint8Array(last - first + FOOTER_LENGTH);
  file.read(first, octets);
  const found: FoundFooter[] = [];
  for (let at = last; at >= first && found.length < MOST_FOUND; at -= SECTOR_LENGTH) {
    const sector = octets.subarray(at - first, at - first + FOOTER_LENGTH);
    if (!resemblesFooter(sector)) continue;
    const place = parsed(sector, { path: file.path, at });
    if (isFound(place)) found.push(place);
  }
  return found;
}

function parsed(octets: Uint8Array, where: { path: string; at: number }): FoundFooter | undefined {
  try {
    return { footer: parseFooter(octets, where), at: where.at };
  } catch (error) {
    if (!(error instanceof FormatError)) throw error;
    return undefined;
  }
}
