const halves = new Uint32Array(2);
const whole = new BigInt64Array(halves.buffer);

/**
 * A length or position as the 64-bit parameters of C functions take it, on machines that put the
 * lower half first. Of a plain number optimized code knows nothing there and gives itself up, again
 * and again; this it reads out of memory, and makes no BigInt of it.
 */
export function wide(value: number): bigint {
  halves[0] = value;
  halves[1] = value / 0x1_0000_0000;
  return whole[0]!;
}
