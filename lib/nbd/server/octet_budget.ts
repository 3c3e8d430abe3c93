/** Octets that all connections together may hold; who finds none left is woken when some are. */
export class OctetBudget {
  readonly #limit: number;
  readonly #waiting = new Set<() => void>();
  #taken = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  get taken(): number {
    return this.#taken;
  }

  /** False: they are not there now, and `wake` is called once when there are more. */
  take(octets: number, wake: () => void): boolean {
    // More than the whole budget can be had alone.
    if (this.#taken > 0 && this.#taken + octets > this.#limit) {
      this.#waiting.add(wake);
      return false;
    }
    this.#taken += octets;
    return true;
  }

  give(octets: number): void {
    this.#taken -= octets;
    const woken = [...this.#waiting];
    this.#waiting.clear();
    for (const wake of woken) wake();
  }

  /** Whoever waited does not any more. */
  forget(wake: () => void): void {
    this.#waiting.delete(wake);
  }
}
