/**
 * Targets that could make nothing of a list of algorithms and let us in with what every target must
 * know: the next login begins with that, instead of failing first each time.
 */

/** Past it the oldest are tried with the list again. */
const MOST_TARGETS = 1024;

export class Fallbacks {
  readonly #targets = new Set<string>();

  /** `where` is as errors call the target. */
  isNeededAt(where: string): boolean {
    return this.#targets.has(where);
  }

  /** The login with less has succeeded. */
  remember(where: string): void {
    this.#targets.add(where);
    if (this.#targets.size > MOST_TARGETS) this.#targets.delete(this.#targets.keys().next().value!);
  }

  /** It has failed: whatever it fails over now, the list gets another try. */
  forget(where: string): void {
    this.#targets.delete(where);
  }
}
