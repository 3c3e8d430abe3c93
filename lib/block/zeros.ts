/** Telling zeros, which need no space, from data. */

/** True if all octets are zero. */
export function isZero(octets: Uint8Array): boolean {
  // Four at a time between the first place where they lie so and the last: a disk is looked through
  // by this.
  const head = -octets.byteOffset & 3;
  if (octets.length < head + 4) return isZeroBetween(octets, 0, octets.length);
  const count = (octets.length - head) >> 2;
  const words = new Uint32Array(octets.buffer, octets.byteOffset + head, count);
  return isZeroBetween(octets, 0, head) && isZeroBetween(words, 0, count) &&
    isZeroBetween(octets, head + count * 4, octets.length);
}

function isZeroBetween(values: Uint8Array | Uint32Array, from: number, to: number): boolean {
  for (let at = from; at < to; at++) if (values[at] !== 0) return false;
  return true;
}
