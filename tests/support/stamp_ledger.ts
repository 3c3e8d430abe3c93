/** What a disk may hold after a crash: for each block, the stamps that are right. */
import { BLOCK_LENGTH, readStamp } from "./stamped_block.ts";

/** A write that was issued and not answered. */
export interface IssuedWrite {
  readonly stamp: number;
  readonly lba: number;
  readonly blockCount: number;
}

/** How many of a verification's complaints are told. */
const COMPLAINTS = 5;

export class StampLedger {
  readonly blockCount: number;
  /** Each block's last acknowledged stamp; 0 is a block never written, all zeros. */
  readonly #acknowledged: Uint32Array;
  /** Each block's last issued stamp, which may be the same. */
  readonly #issued: Uint32Array;
  #lastStamp = 0;

  constructor(blockCount: number) {
    this.blockCount = blockCount;
    this.#acknowledged = new Uint32Array(blockCount);
    this.#issued = new Uint32Array(blockCount);
  }

  /** The order of writes in flight to one block is the device server's choice: none are made. */
  isFree(lba: number, blockCount: number): boolean {
    for (let block = lba; block < lba + blockCount; block++) {
      if (this.#issued[block] !== this.#acknowledged[block]) return false;
    }
    return true;
  }

  issue(lba: number, blockCount: number): IssuedWrite {
    const stamp = ++this.#lastStamp;
    this.#issued.fill(stamp, lba, lba + blockCount);
    return { stamp, lba, blockCount };
  }

  acknowledge({ stamp, lba, blockCount }: IssuedWrite): void {
    this.#acknowledged.fill(stamp, lba, lba + blockCount);
  }

  /** Each block's stamps as they are now: what it holds is one of them, or one between. */
  moment(): { readonly acknowledged: Uint32Array; readonly issued: Uint32Array } {
    return { acknowledged: this.#acknowledged.slice(), issued: this.#issued.slice() };
  }

  /** Blocks of writes that were issued and not acknowledged. */
  get openBlocks(): number {
    return this.#issued.filter((stamp, block) => stamp !== this.#acknowledged[block]).length;
  }

  /**
   * Compares all that was read with what may be there, and holds the disk to it from now on:
   * throws unless every block is whole and holds its last acknowledged stamp or a later one issued.
   */
  settle(octets: Uint8Array): void {
    const complaints: string[] = [];
    for (let block = 0; block < this.blockCount; block++) {
      const complaint = this.#settleBlock(block, octets);
      if (complaint !== undefined) complaints.push(`block ${block} ${complaint}`);
    }
    if (complaints.length === 0) return;
    const told = complaints.slice(0, COMPLAINTS).join("; ");
    throw new Error(`${complaints.length} of ${this.blockCount} blocks are wrong: ${told}`);
  }

  #settleBlock(block: number, octets: Uint8Array): string | undefined {
    const at = block * BLOCK_LENGTH;
    const stamp = isZero(octets, at) ? 0 : stampOf(block, octets, at);
    if (typeof stamp === "string") return stamp;
    const acknowledged = this.#acknowledged[block]!;
    const issued = this.#issued[block]!;
    if (stamp !== acknowledged && stamp !== issued) {
      return `holds stamp ${stamp}; acknowledged was ${acknowledged}, issued ${issued}`;
    }
    this.#acknowledged[block] = this.#issued[block] = stamp;
    return undefined;
  }
}

/** The stamp of the block, or why it is not this block's. */
function stampOf(block: number, octets: Uint8Array, at: number): number | string {
  const found = readStamp(octets, at);
  if (found === undefined) return "is torn";
  if (found.blockNumber !== block) return `holds what was written to block ${found.blockNumber}`;
  return found.stamp;
}

function isZero(octets: Uint8Array, at: number): boolean {
  for (let index = at; index < at + BLOCK_LENGTH; index++) if (octets[index] !== 0) return false;
  return true;
}
