/** Octets with the DataView that reads them. */
export interface Buffer {
  readonly octets: Uint8Array<ArrayBuffer>;
  readonly view: DataView;
}

export function makeBuffer(length: number): Buffer {
  const octets = new Uint8Array(length);
  return { octets, view: new DataView(octets.buffer) };
}

/**
 * Large buffers, lent while a batch is in flight. The last returned is lent first, since it is
 * still in the cache. At most `keep` are kept; past `limit` lent at once `take` makes buffers of
 * `leanLength`, so that many stalled peers slow down before they take all memory.
 */
export class BufferPool {
  readonly #free: Buffer[] = [];
  #lent = 0;

  constructor(
    readonly length: number,
    readonly leanLength: number,
    readonly limit: number,
    readonly keep: number,
  ) {}

  /** How many are lent now. */
  get lent(): number {
    return this.#lent;
  }

  /** Octets that the next buffer taken will have. */
  get nextLength(): number {
    return this.#lent < this.limit ? this.length : this.leanLength;
  }

  take(): Buffer {
    const length = this.nextLength;
    this.#lent++;
    if (length === this.length) return this.#free.pop() ?? makeBuffer(length);
    return makeBuffer(length);
  }

  give(buffer: Buffer): void {
    this.#lent--;
    if (buffer.octets.length === this.length && this.#free.length < this.keep) {
      this.#free.push(buffer);
    }
  }
}
