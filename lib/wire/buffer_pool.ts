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
 * still in the cache. At most `keep` of each length are kept; past `limit` lent at once `take`
 * makes buffers of `leanLength`, so that many stalled peers slow down before they take all memory.
 */
export class BufferPool {
  readonly #free: Buffer[] = [];
  readonly #lean: Buffer[] = [];
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
    const free = length === this.length ? this.#free : this.#lean;
    return free.pop() ?? makeBuffer(length);
  }

  give(buffer: Buffer): void {
    this.#lent--;
    const free = buffer.octets.length === this.length ? this.#free : this.#lean;
    if (free.length < this.keep) free.push(buffer);
  }
}
