/** Makes one run of a costly operation serve all who wait for it. */

export class GroupCommit {
  readonly #run: () => Promise<void>;
  /** The run that has begun; undefined: none has. */
  #running: Promise<void> | undefined;
  /** The run that will begin, joined by all who come before it does. */
  #next: Promise<void> | undefined;

  constructor(run: () => Promise<void>) {
    this.#run = run;
  }

  /**
   * Resolves after a run that began later than this call. One that has begun does not do: what was
   * written meanwhile may have missed it.
   */
  join(): Promise<void> {
    return this.#next ??= this.#begin(this.#running);
  }

  async #begin(before: Promise<void> | undefined): Promise<void> {
    // Even with nothing to wait for this lets the rest of the caller's turn join.
    await before?.catch(ignore);
    this.#running = this.#next;
    this.#next = undefined;
    try {
      await this.#run();
    } finally {
      if (this.#next === undefined) this.#running = undefined;
    }
  }
}

/** The failure of an earlier run is for those who joined it. */
function ignore(): void {}
