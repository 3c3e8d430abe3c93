/** Takes one after the other, beginning anew behind the last. */
export class Turns {
  #last = -1;

  next<T>(among: readonly T[]): T {
    this.#last = (this.#last + 1) % among.length;
    return among[this.#last]!;
  }
}
