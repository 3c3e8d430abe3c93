/** 64 KiB of a memory device: its octets, and which of its 512-octet sectors were written. */

export const PAGE_LENGTH = 64 << 10;
export const SECTOR_LENGTH = 512;
const SECTORS = PAGE_LENGTH / SECTOR_LENGTH;

export class MemoryPage {
  readonly #octets = new Uint8Array(PAGE_LENGTH);
  /**
   * Windows on the page, made when first asked for, so that reads allocate nothing: a binary tree,
   * the whole page at 1, its halves at 2 and 3, and single sectors from `SECTORS` on.
   */
  readonly #windows: (Uint8Array | undefined)[] = [];
  readonly #mapped = new Uint32Array(SECTORS / 32);
  #mappedCount = 0;

  /** No sector holds data: the page can go. */
  get empty(): boolean {
    return this.#mappedCount === 0;
  }

  /** Every sector holds data. */
  get full(): boolean {
    return this.#mappedCount === SECTORS;
  }

  /** Whether the sector holds data. */
  mapped(sector: number): boolean {
    return (this.#mapped[sector >>> 5]! & (1 << (sector & 31))) !== 0;
  }

  /** Copies out by the largest windows that fit, and what is less than a sector octet by octet. */
  read(offset: number, into: Uint8Array, at: number, length: number): void {
    const end = offset + length;
    while (offset < end) {
      const run = alignedRun(offset, end);
      if (run < SECTOR_LENGTH) {
        const stop = Math.min(end, (Math.floor(offset / SECTOR_LENGTH) + 1) * SECTOR_LENGTH);
        while (offset < stop) into[at++] = this.#octets[offset++]!;
      } else {
        into.set(this.#window(offset, run), at);
        offset += run;
        at += run;
      }
    }
  }

  write(offset: number, from: Uint8Array, at: number, length: number): void {
    this.#octets.set(from.subarray(at, at + length), offset);
    const last = Math.floor((offset + length - 1) / SECTOR_LENGTH);
    for (let sector = Math.floor(offset / SECTOR_LENGTH); sector <= last; sector++) {
      if (this.mapped(sector)) continue;
      this.#mapped[sector >>> 5]! |= 1 << (sector & 31);
      this.#mappedCount++;
    }
  }

  /** Zeroes the range; the sectors that lie wholly in it hold no data any more. */
  unmap(offset: number, length: number): void {
    this.#octets.fill(0, offset, offset + length);
    const end = Math.floor((offset + length) / SECTOR_LENGTH);
    for (let sector = Math.ceil(offset / SECTOR_LENGTH); sector < end; sector++) {
      if (!this.mapped(sector)) continue;
      this.#mapped[sector >>> 5]! &= ~(1 << (sector & 31));
      this.#mappedCount--;
    }
  }

  #window(offset: number, length: number): Uint8Array {
    const index = (PAGE_LENGTH + offset) / length;
    return this.#windows[index] ??= this.#octets.subarray(offset, offset + length);
  }
}

/** The longest power of two that `offset` is a multiple of and that does not pass `end`. */
function alignedRun(offset: number, end: number): number {
  const alignment = offset === 0 ? PAGE_LENGTH : offset & -offset;
  return Math.min(alignment, 1 << (31 - Math.clz32(end - offset)));
}
