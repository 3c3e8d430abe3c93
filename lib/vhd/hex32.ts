/** A field of 32 bits, as people compare them. */
export function hex32(value: number): string {
  return `0x${value.toString(16).padStart(8, "0")}`;
}
