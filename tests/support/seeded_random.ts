/** Numbers that look random and come again with the same seed. */

/** The seed to use: `SANCTL_TEST_SEED` where a failure is to be repeated, else one never seen. */
export function chooseSeed(): number {
  const given = Deno.env.get("SANCTL_TEST_SEED");
  if (given === undefined) return crypto.getRandomValues(new Uint32Array(1))[0]!;
  if (!/^\d{1,10}$/.test(given)) throw new Error(`SANCTL_TEST_SEED: ${given} is not a number`);
  return Number(given) >>> 0;
}

export class SeededRandom {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  /** A whole number from 0 up to, and without, `limit`. */
  below(limit: number): number {
    return Math.floor(this.#next() / 2 ** 32 * limit);
  }

  /** True once in `times`. */
  onceIn(times: number): boolean {
    return this.below(times) === 0;
  }

  one<T>(choices: readonly T[]): T {
    return choices[this.below(choices.length)]!;
  }

  /** A counter whose bits are mixed until each depends on all. */
  #next(): number {
    this.#state = (this.#state + 0x9e37_79b9) >>> 0;
    let mixed = this.#state;
    mixed = Math.imul(mixed ^ mixed >>> 16, 0x21f0_aaad);
    mixed = Math.imul(mixed ^ mixed >>> 15, 0x735a_2d97);
    return (mixed ^ mixed >>> 15) >>> 0;
  }
}
