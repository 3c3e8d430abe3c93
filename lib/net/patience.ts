/**
 * Whether it pays to wait in place for a peer that answers at once: what that takes is less than
 * to sleep and be woken, if the peer is quick. Whoever was waited for in vain is not for a while.
 */

/** How long a quick peer takes for its next request. */
export const PATIENCE_MS = 0.15;

/** In vain so often, out of so many: it does not pay. */
const MOST_IN_VAIN = 4;
/** Chances that are passed over after that. */
const REST = 256;

export class Patience {
  #inVain = 0;
  #rest = 0;

  /** It is worth a try, and one is made. */
  get pays(): boolean {
    if (this.#rest === 0) return true;
    this.#rest--;
    return false;
  }

  /** Something came while it was waited for. */
  rewarded(): void {
    if (this.#inVain > 0) this.#inVain--;
  }

  /** It had come before it was waited for. */
  superfluous(): void {
    this.#rest = REST;
  }

  /** Nothing came. */
  disappointed(): void {
    if (++this.#inVain < MOST_IN_VAIN) return;
    this.#inVain = 0;
    this.#rest = REST;
  }
}
