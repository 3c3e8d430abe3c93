/** What one command means to put on the disk, and how much of that has got there. */
export class Intent {
  /** It may still reach the disk: its command was sent, and has not ended for good. */
  isLive = true;
  readonly #landed: Uint8Array;

  constructor(
    readonly name: string,
    readonly offset: number,
    readonly octets: Uint8Array,
    /** COMPARE AND WRITE: what must be there just before. */
    readonly expected?: Uint8Array,
  ) {
    this.#landed = new Uint8Array(octets.length);
  }

  get isWhole(): boolean {
    return this.#landed.every((flag) => flag === 1);
  }

  /** True if it wants exactly these octets there. */
  wants(offset: number, octets: Uint8Array): boolean {
    const at = offset - this.offset;
    if (!this.isLive || at < 0 || at + octets.length > this.octets.length) return false;
    return equal(this.octets.subarray(at, at + octets.length), octets);
  }

  land(offset: number, length: number): void {
    const at = offset - this.offset;
    this.#landed.fill(1, at, at + length);
  }
}

export function equal(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}
