/** The exports of a server, by name. */
import type { Export } from "./export.ts";

export class Exports {
  readonly #most: number;
  readonly #byName = new Map<string, Export>();

  /** Holds at most so many. */
  constructor(most: number) {
    this.#most = most;
  }

  add(added: Export): void {
    if (this.#byName.has(added.name)) {
      throw new RangeError(`there is an export ${JSON.stringify(added.name)} already`);
    }
    if (this.#byName.size >= this.#most) {
      throw new RangeError(`a server has no more than ${this.#most} exports`);
    }
    this.#byName.set(added.name, added);
  }

  delete(removed: Export): void {
    if (this.find(removed.name) === removed) this.#byName.delete(removed.name);
  }

  find(name: string): Export | undefined {
    return this.#byName.get(name);
  }

  [Symbol.iterator](): IterableIterator<Export> {
    return this.#byName.values();
  }
}
