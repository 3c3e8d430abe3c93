/** Sizes as people are shown them. */
import { SIZE_UNITS } from "../lib/config/size.ts";

/** Short, in the largest unit of which there is at least one: `20G`, `1.5T`, `100B`. */
export function formatSize(octets: number): string {
  const units = Object.entries(SIZE_UNITS);
  const [name, unit] = units.findLast(([, unit]) => octets >= unit) ?? ["B", 1];
  // Rounded down: a disk is never shown larger than it is.
  return `${Math.floor(octets / unit * 10) / 10}${name}`;
}
