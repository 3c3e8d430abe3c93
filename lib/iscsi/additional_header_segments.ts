/** Walks the additional header segments between a BHS and the data. RFC 7143 11.2.2. */

/** 11.2.2.1. */
export const AhsType = { EXTENDED_CDB: 1, BIDIRECTIONAL_READ_LENGTH: 2 } as const;

/** Octets of a segment before what its AHSLength counts. */
const HEAD_LENGTH = 3;

/**
 * A cursor: `begin`, then `next` until it answers false. A segment that claims more octets than the
 * PDU has ends the walk; types that nobody knows are passed like others, for the caller to ignore.
 */
export class AdditionalHeaderSegments {
  type = 0;
  /** Where the specific octets begin: behind the type. */
  at = 0;
  /** 11.2.2.2: how many of them there are. */
  length = 0;
  /** True when the walk ended before the last octet. */
  isBroken = false;
  #view: DataView = new DataView(new ArrayBuffer(0));
  #next = 0;
  #end = 0;

  /** Starts over at `at`; the segments have `length` octets in all. */
  begin(view: DataView, at: number, length: number): void {
    this.#view = view;
    this.#next = at;
    this.#end = at + length;
    this.isBroken = false;
  }

  next(): boolean {
    if (this.#next >= this.#end) return false;
    const start = this.#next;
    const length = start + HEAD_LENGTH <= this.#end ? this.#view.getUint16(start) : Infinity;
    if (start + HEAD_LENGTH + length > this.#end) {
      this.isBroken = true;
      this.#next = this.#end;
      return false;
    }
    this.type = this.#view.getUint8(start + 2) & 0x3f;
    this.at = start + HEAD_LENGTH;
    this.length = length;
    // padded to words of four octets: never less than one, so the walk always moves on
    this.#next = start + ((HEAD_LENGTH + length + 3) & ~3);
    return true;
  }
}
