/**
 * Eight octets without rounding. In a VHD all ones has a meaning of its own, and sizes and places
 * are judged before anything is made of them.
 */
import type { Field } from "../wire/layout.ts";

export function exactU64(at: number): Field<bigint> {
  return {
    at,
    length: 8,
    get: (view, base) => view.getBigUint64(base + at),
    set: (view, base, value) => view.setBigUint64(base + at, value),
  };
}
