/** Blocks of 512 octets that say which write they come from, and whether they are whole. */
import { crc32c } from "../../lib/wire/crc32c.ts";
import { layout, u32 } from "../../lib/wire/layout.ts";

export const BLOCK_LENGTH = 512;

const StampedBlock = layout(BLOCK_LENGTH, {
  blockNumber: u32(0),
  /** Every write has its own, and later ones have greater ones. */
  stamp: u32(4),
  round: u32(8),
  checksum: u32(508),
});

export interface Stamp {
  readonly blockNumber: number;
  readonly stamp: number;
  readonly round: number;
}

/** Data of a write: blocks from `blockNumber` on, all with the one stamp. */
export function stampedBlocks(first: Stamp, blockCount: number): Uint8Array {
  const octets = new Uint8Array(blockCount * BLOCK_LENGTH);
  const block = new StampedBlock(octets);
  for (let index = 0; index < blockCount; index++) {
    block.base = index * BLOCK_LENGTH;
    // What lies between differs from write to write too, so that no part goes with another's.
    octets.fill(first.stamp * 7 + index, block.base, block.base + BLOCK_LENGTH);
    block.blockNumber = first.blockNumber + index;
    block.stamp = first.stamp;
    block.round = first.round;
    block.checksum = crc32c(octets, block.base, BLOCK_LENGTH - 4);
  }
  return octets;
}

/** What a block says; undefined where it is not one block whole. */
export function readStamp(octets: Uint8Array, at: number): Stamp | undefined {
  const block = new StampedBlock(octets);
  block.base = at;
  if (block.checksum !== crc32c(octets, at, BLOCK_LENGTH - 4)) return undefined;
  const { blockNumber, stamp, round } = block;
  return { blockNumber, stamp, round };
}
