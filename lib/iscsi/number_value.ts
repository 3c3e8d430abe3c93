/**
 * Numbers as text values: decimal, or hexadecimal behind 0x. RFC 7143 6.1. JavaScript's own readers
 * take blanks, signs, exponents and the empty string for numbers, so they are not let near the
 * text.
 */

const DECIMAL = /^[0-9]{1,20}$/;
const HEXADECIMAL = /^0[xX][0-9A-Fa-f]{1,16}$/;

/** The number that `text` spells, or undefined if it spells none. */
export function parseLargeNumber(text: string): bigint | undefined {
  return DECIMAL.test(text) || HEXADECIMAL.test(text) ? BigInt(text) : undefined;
}

/** The same for a number that a Number holds exactly. */
export function parseNumber(text: string): number | undefined {
  const number = parseLargeNumber(text);
  if (number === undefined || number > BigInt(Number.MAX_SAFE_INTEGER)) return undefined;
  return Number(number);
}
