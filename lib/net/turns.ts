/**
 * Whose turn it is at the event loop. Whoever gets every turn is alone, and may keep it for a
 * moment: going through the event loop for each request takes longer than many a request.
 */
export class Turns {
  #last: unknown;
  #count = 0;

  /** `who` has got a turn from the event loop. */
  take(who: unknown): void {
    if (who === this.#last) this.#count++;
    else {
      this.#last = who;
      this.#count = 0;
    }
  }

  /** Nobody else has had a turn for a while. */
  isAlone(who: unknown): boolean {
    return who === this.#last && this.#count >= TURNS_IN_A_ROW;
  }
}

const TURNS_IN_A_ROW = 8;
