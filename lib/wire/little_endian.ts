/**
 * Fields of tables whose numbers have their lowest octet first, as those on PCs' disks do. Beside
 * `layout.ts`, whose are the standards' of networks.
 */
import type { Field } from "./layout.ts";

/** Two octets. */
export function u16le(at: number): Field {
  return {
    at,
    length: 2,
    get: (view, base) => view.getUint16(base + at, true),
    set: (view, base, value) => view.setUint16(base + at, value, true),
  };
}

/** Four octets. */
export function u32le(at: number): Field {
  return {
    at,
    length: 4,
    get: (view, base) => view.getUint32(base + at, true),
    set: (view, base, value) => view.setUint32(base + at, value, true),
  };
}

/** Eight octets as a Number: what lies above 2^53 is rounded, as with `u64`. */
export function u64le(at: number): Field {
  return {
    at,
    length: 8,
    get: (view, base) =>
      view.getUint32(base + at + 4, true) * 0x1_0000_0000 + view.getUint32(base + at, true),
    set: (view, base, value) => {
      view.setUint32(base + at + 4, Math.floor(value / 0x1_0000_0000), true);
      view.setUint32(base + at, value % 0x1_0000_0000, true);
    },
  };
}
