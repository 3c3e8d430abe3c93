/**
 * Serial numbers of 32 bits, which wrap (RFC 1982 with SERIAL_BITS = 32). Every comparison of
 * CmdSN, StatSN, DataSN and R2TSN goes through here.
 */

/** `a + n`, wrapped; `n` may be negative. */
export function serialAdd(a: number, n: number): number {
  return (a + n) >>> 0;
}

/**
 * How far `to` lies after `from`: negative if before. Two numbers 2^31 apart have no order (RFC
 * 1982 3.2); their distance is -2^31 either way.
 */
export function serialDistance(from: number, to: number): number {
  return (to - from) | 0;
}

/** True if `a` comes before `b`. */
export function serialLess(a: number, b: number): boolean {
  return ((a - b) | 0) < 0;
}

/** True if `a` comes before `b` or is `b`. */
export function serialAtMost(a: number, b: number): boolean {
  return ((b - a) | 0) >= 0;
}
