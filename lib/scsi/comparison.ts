/** Where octets that should be alike differ. */
import { MISCOMPARE_DURING_VERIFY, type Sense, withInformation } from "./sense.ts";

/** The first octet at which the two, of equal length, differ; -1 if they do not. */
export function firstDifference(a: Uint8Array, b: Uint8Array): number {
  for (let at = 0; at < a.length; at++) if (a[at] !== b[at]) return at;
  return -1;
}

/** MISCOMPARE, with the offset of the first octet that differed as INFORMATION. SBC-3 5.2. */
export function miscompare(offset: number): Sense {
  return withInformation(MISCOMPARE_DURING_VERIFY, offset);
}

/** `length` octets, at least one block, in which every block is the given one. */
export function repeated(block: Uint8Array, length: number): Uint8Array {
  const octets = new Uint8Array(length);
  octets.set(block);
  for (let filled = block.length; filled < length; filled *= 2) {
    octets.copyWithin(filled, 0, filled);
  }
  return octets;
}
