/**
 * One session from its login until nothing that was sent on it can be carried out any more, which
 * may be long after it was lost: a target may still find it in a buffer.
 */
export class Lifetime {
  readonly targetPortalGroupTag: number | undefined;
  /** Resolves when the target can do nothing more of it. */
  readonly extinct: Promise<void>;
  #isExtinct = false;
  #isDoubted = false;
  readonly #resolve: () => void;
  readonly #onDoubt: () => void;

  constructor(targetPortalGroupTag: number | undefined, onDoubt: () => void) {
    this.targetPortalGroupTag = targetPortalGroupTag;
    this.#onDoubt = onDoubt;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.extinct = promise;
    this.#resolve = resolve;
  }

  get isExtinct(): boolean {
    return this.#isExtinct;
  }

  /** Somebody waits for it to be extinct. */
  get isDoubted(): boolean {
    return this.#isDoubted && !this.#isExtinct;
  }

  /** A write was lost with it: nobody knows whether, and when, it is carried out. */
  doubt(): void {
    if (this.#isDoubted || this.#isExtinct) return;
    this.#isDoubted = true;
    this.#onDoubt();
  }

  markExtinct(): void {
    this.#isExtinct = true;
    this.#resolve();
  }
}
