/** Knows what is under way, so that closing can wait for it. */
export class InFlight {
  /** Work that has begun since `settled` was last asked for, and before. */
  #current = new Batch();
  readonly #earlier = new Set<Batch>();

  /** Runs `work`, known from its call to its end. */
  async during<T>(work: () => Promise<T>): Promise<T> {
    const batch = this.#current;
    batch.count++;
    try {
      return await work();
    } finally {
      batch.count--;
      if (batch.count === 0) batch.ended?.resolve();
    }
  }

  /** Resolves when nothing is under way. */
  async idle(): Promise<void> {
    while (this.#current.count > 0 || this.#earlier.size > 0) await this.settled();
  }

  /** Resolves when what is under way now has ended, whatever has begun since. */
  async settled(): Promise<void> {
    const batch = this.#current;
    if (batch.count > 0) {
      this.#current = new Batch();
      this.#earlier.add(batch);
      batch.ended = Promise.withResolvers();
      batch.ended.promise.then(() => this.#earlier.delete(batch));
    }
    await Promise.all([...this.#earlier].map(({ ended }) => ended!.promise));
  }
}

/** Work that is waited for together. */
class Batch {
  count = 0;
  ended: PromiseWithResolvers<void> | undefined;
}
