/** Randomness as the engines see it, so that a simulation can repeat it. */
export interface Random {
  /** Fills `octets` and answers them. */
  fill<T extends Uint8Array<ArrayBuffer>>(octets: T): T;
  /** A whole number from 0 to 2^32-1. */
  u32(): number;
}

/** The machine's own, fit for secrets. */
export const systemRandom: Random = {
  fill: (octets) => crypto.getRandomValues(octets),
  u32: () => crypto.getRandomValues(new Uint32Array(1))[0]!,
};
