/** What each block may hold: the number of the last write that was answered, or of a later one. */
import { BLOCK_LENGTH } from "./sim_target.ts";

export class BlockLedger {
  readonly #answered: Int32Array;
  readonly #issued: Int32Array;
  /** Writes of zeros, which hold no number. */
  readonly #zeroing = new Set<number>();
  #last = 0;

  constructor(blockCount: number) {
    this.#answered = new Int32Array(blockCount);
    this.#issued = new Int32Array(blockCount);
  }

  /** The number of a write that is asked for now; writes are to be done in this order. */
  issue(lba: number, blockCount: number, isZeroing = false): number {
    const stamp = ++this.#last;
    if (isZeroing) this.#zeroing.add(stamp);
    this.#issued.fill(stamp, lba, lba + blockCount);
    return stamp;
  }

  answer(stamp: number, lba: number, blockCount: number): void {
    for (let block = lba; block < lba + blockCount; block++) {
      this.#answered[block] = Math.max(this.#answered[block]!, stamp);
    }
  }

  /** What a read that begins now must find at least. */
  floor(lba: number, blockCount: number): Int32Array {
    return this.#answered.slice(lba, lba + blockCount);
  }

  /** A write of zeros is the one that was answered last, or may have come since. */
  #mayBeZero(least: number, most: number): boolean {
    for (const stamp of this.#zeroing) if (stamp >= least && stamp <= most) return true;
    return false;
  }

  /** What is wrong with blocks that were read; undefined: nothing. */
  wrongIn(octets: Uint8Array, lba: number, floor: Int32Array): string | undefined {
    const view = new DataView(octets.buffer, octets.byteOffset, octets.byteLength);
    for (const [i, least] of floor.entries()) {
      const at = i * BLOCK_LENGTH;
      const stamp = view.getInt32(at);
      const name = `block ${lba + i}`;
      for (let within = at; within < at + BLOCK_LENGTH; within += 4) {
        if (view.getInt32(within) !== stamp) return `${name} is torn`;
      }
      if (stamp === 0 && this.#mayBeZero(least, this.#issued[lba + i]!)) continue;
      if (stamp < least) return `${name} holds write ${stamp}, write ${least} was answered`;
      if (stamp > this.#issued[lba + i]!) return `${name} holds write ${stamp}, never asked for`;
    }
    return undefined;
  }
}
