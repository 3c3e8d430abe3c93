/**
 * Challenges that are new each time, and that whoever made them knows again. RFC 7143 9.2.1: an
 * attacker who is asked may ask the same of us and pass our answer on, so a challenge of our own is
 * never answered, on whichever connection and however long ago it was made. Half of it is random
 * and the other half is a code over that, so nothing needs to be kept.
 */
import { createHmac, timingSafeEqual } from "node:crypto";
import type { Random } from "../../runtime/random.ts";

export interface Challenge {
  /** CHAP_I: one octet. */
  readonly identifier: number;
  /** CHAP_C. */
  readonly octets: Uint8Array;
}

const RANDOM_LENGTH = 16;
const CODE_LENGTH = 16;
export const CHALLENGE_LENGTH = RANDOM_LENGTH + CODE_LENGTH;

/** One for each node: what it knows again are the challenges of all its connections. */
export class ChallengeIssuer {
  readonly #random: Random;
  #key: Uint8Array | undefined;

  constructor(random: Random) {
    this.#random = random;
  }

  issue(): Challenge {
    const octets = new Uint8Array(CHALLENGE_LENGTH);
    const drawn = this.#random.fill(octets.subarray(0, RANDOM_LENGTH));
    octets.set(this.#codeOf(drawn), RANDOM_LENGTH);
    return { identifier: this.#random.u32() & 0xff, octets };
  }

  /** True for a challenge that this issued. */
  isOwn(octets: Uint8Array): boolean {
    if (octets.length !== CHALLENGE_LENGTH) return false;
    const code = this.#codeOf(octets.subarray(0, RANDOM_LENGTH));
    return timingSafeEqual(code, octets.subarray(RANDOM_LENGTH));
  }

  #codeOf(drawn: Uint8Array): Uint8Array {
    this.#key ??= this.#random.fill(new Uint8Array(32));
    return createHmac("sha256", this.#key).update(drawn).digest().subarray(0, CODE_LENGTH);
  }
}
