/** What of a disk one command may be about: whole blocks, and not too many. */
import type { UnitFacts } from "./unit_facts.ts";

/** Octets of one command, where the unit takes more. */
const MOST_OCTETS = 1 << 20;

/** The blocks that a range lies in, by where they begin and end. */
export function blocksAround(
  offset: number,
  length: number,
  { blockLength }: Pick<UnitFacts, "blockLength">,
): { readonly start: number; readonly end: number } {
  const start = Math.floor(offset / blockLength) * blockLength;
  return { start, end: Math.ceil((offset + length) / blockLength) * blockLength };
}

/** What the unit takes at once. */
export function mostOctetsOf({ limits, blockLength }: UnitFacts): number {
  const most = limits.maximumTransferLength * blockLength;
  return most === 0 ? MOST_OCTETS : Math.min(most, MOST_OCTETS);
}
