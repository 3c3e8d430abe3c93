/** Whoever waits for something to change is told when it may have. */
export class Bell {
  #next = Promise.withResolvers<void>();

  /** Resolves when it is rung next. Take it before looking at what may change. */
  get rung(): Promise<void> {
    return this.#next.promise;
  }

  ring(): void {
    const { resolve } = this.#next;
    this.#next = Promise.withResolvers<void>();
    resolve();
  }
}
