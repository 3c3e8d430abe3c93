/** Chance that a seed decides, for the engines and for what is done to them. */
import type { Random } from "../../lib/runtime/random.ts";
import { SeededRandom } from "./seeded_random.ts";

export class Chance extends SeededRandom implements Random {
  u32(): number {
    return this.below(2 ** 32);
  }

  /** A whole number from `least` to `most`. */
  between(least: number, most: number): number {
    return least + this.below(most - least + 1);
  }

  /** True in `percent` of a hundred cases. */
  in100(percent: number): boolean {
    return this.below(100) < percent;
  }

  fill<T extends Uint8Array<ArrayBuffer>>(octets: T): T {
    for (let i = 0; i < octets.length; i++) octets[i] = this.u32();
    return octets;
  }

  octets(length: number): Uint8Array<ArrayBuffer> {
    return this.fill(new Uint8Array(length));
  }
}
