/** The checks that every device makes before it touches its medium. */
import { DeviceError } from "./device.ts";

/** Refuses what does not lie wholly on a device of `size` octets. Not a Number is refused too. */
export function requireRange(size: number, offset: number, length: number): void {
  if (offset >= 0 && length >= 0 && offset + length <= size) return;
  throw new DeviceError(
    "out-of-range",
    `octets ${offset} to ${offset + length} are not all on a device of ${size} octets`,
  );
}

/**
 * Refuses a transfer whose octets do not lie wholly in the caller's buffer: a mistake of the
 * caller's, which must never become a read or write of foreign memory. A detached buffer has no
 * octets at all.
 */
export function requireRoom(buffer: Uint8Array, at: number, length: number): void {
  if (at >= 0 && length >= 0 && at + length <= buffer.length) return;
  throw new RangeError(
    `octets ${at} to ${at + length} are not all in a buffer of ${buffer.length} octets`,
  );
}
