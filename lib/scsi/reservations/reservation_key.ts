/**
 * Reservation keys: eight octets that an initiator chose, kept as a bigint so that none is rounded.
 */
import type { Field } from "../../wire/layout.ts";

/** The key that stands for none. */
export const NO_KEY = 0n;

/** A reservation key as a field of a wire structure. */
export function reservationKey(at: number): Field<bigint> {
  return {
    at,
    length: 8,
    get: (view, base) => view.getBigUint64(base + at),
    set: (view, base, value) => view.setBigUint64(base + at, value),
  };
}

/** The key in sixteen hex digits. */
export function keyText(key: bigint): string {
  return key.toString(16).padStart(16, "0");
}

/** The key that sixteen hex digits spell, or undefined where they do not. */
export function keyOfText(text: string): bigint | undefined {
  return /^[0-9a-f]{16}$/.test(text) ? BigInt(`0x${text}`) : undefined;
}
