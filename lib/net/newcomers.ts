/**
 * Connections that have not yet shown what they want, within limits: the oldest makes way for the
 * newest, so that a flood keeps nobody out.
 */
export interface NewcomersOptions<T> {
  /** In all, and from one address. */
  readonly most: number;
  readonly mostFromOneAddress: number;
  /** False once it has shown what it wants. */
  isNew(connection: T): boolean;
  dismiss(connection: T): void;
}

export class Newcomers<T> {
  readonly #options: NewcomersOptions<T>;
  /** Those that were new when they were last looked at, oldest first, and where they came from. */
  readonly #addresses = new Map<T, string>();

  constructor(options: NewcomersOptions<T>) {
    this.#options = options;
  }

  /** Makes way for one more from the address. */
  makeWay(address: string): void {
    const { most, mostFromOneAddress, isNew } = this.#options;
    const neighbours: T[] = [];
    for (const [connection, from] of this.#addresses) {
      if (!isNew(connection)) this.#addresses.delete(connection);
      else if (from === address) neighbours.push(connection);
    }
    const [oldest] = this.#addresses.keys();
    if (neighbours.length >= mostFromOneAddress) this.#dismiss(neighbours[0]!);
    else if (this.#addresses.size >= most) this.#dismiss(oldest!);
  }

  add(connection: T, address: string): void {
    this.#addresses.set(connection, address);
  }

  /** It has gone. */
  remove(connection: T): void {
    this.#addresses.delete(connection);
  }

  #dismiss(connection: T): void {
    this.#addresses.delete(connection);
    this.#options.dismiss(connection);
  }
}
