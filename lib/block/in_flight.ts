/** Knows what is under way, so that closing can wait for it. */
export class InFlight {
  readonly #work = new Set<Promise<unknown>>();

  /** Runs `work`, known from its call to its end. */
  async during<T>(work: () => Promise<T>): Promise<T> {
    const running = work();
    this.#work.add(running);
    try {
      return await running;
    } finally {
      this.#work.delete(running);
    }
  }

  /** Resolves when nothing is under way. */
  async idle(): Promise<void> {
    while (this.#work.size > 0) await this.settled();
  }

  /** Resolves when what is under way now has ended, whatever has begun since. */
  async settled(): Promise<void> {
    await Promise.allSettled(this.#work);
  }
}
