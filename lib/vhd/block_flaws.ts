/**
 * What is wrong with the places of blocks. Other readers take a table as it is, and with two blocks
 * in one place, or one over the table, a guest's writes destroy another's data, or the disk.
 */
import { type BlockAllocationTable, UNALLOCATED } from "./block_allocation_table.ts";
import type { BlockShape } from "./block_shape.ts";
import { SECTOR_LENGTH } from "./geometry.ts";

/** Octets of a file that are not for data. */
export interface Region {
  /** Such as "the table". */
  readonly name: string;
  readonly offset: number;
  readonly length: number;
}

export interface BlockFlaw {
  readonly block: number;
  /** Where its region begins. */
  readonly offset: number;
  readonly kind: "outside" | "metadata" | "overlap";
  /** For people. */
  readonly message: string;
}

export interface BlockSpace {
  readonly table: BlockAllocationTable;
  readonly shape: BlockShape;
  readonly fileLength: number;
  readonly metadata: readonly Region[];
}

/** The first `most` flaws; none where every block has a place of its own inside the file. */
export function blockFlaws(space: BlockSpace, most: number): BlockFlaw[] {
  return isSound(space) ? [] : findFlaws(space, most);
}

/** Quick, and without memory of which block is where. */
function isSound({ table, shape, fileLength, metadata }: BlockSpace): boolean {
  const sorted = table.sorted();
  const regionSectors = shape.regionLength / SECTOR_LENGTH;
  for (let index = 1; index < sorted.length; index++) {
    if (sorted[index]! - sorted[index - 1]! < regionSectors) return false;
  }
  const last = sorted.at(-1);
  if (last === undefined) return true;
  if ((last + regionSectors) * SECTOR_LENGTH > fileLength) return false;
  return metadata.every((region) => !isTouched(sorted, shape, region));
}

/** Whether a block lies, if only partly, in the region. */
function isTouched(sorted: Uint32Array, shape: BlockShape, region: Region): boolean {
  // The first block that ends behind the region's beginning.
  const from = (region.offset - shape.regionLength) / SECTOR_LENGTH;
  const index = lowerBound(sorted, Math.floor(from) + 1);
  return index < sorted.length && sorted[index]! * SECTOR_LENGTH < region.offset + region.length;
}

/** The index of the first that is not less than `value`. */
function lowerBound(sorted: Uint32Array, value: number): number {
  let low = 0, high = sorted.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (sorted[middle]! < value) low = middle + 1;
    else high = middle;
  }
  return low;
}

function findFlaws({ table, shape, fileLength, metadata }: BlockSpace, most: number): BlockFlaw[] {
  const flaws: BlockFlaw[] = [];
  const add = (block: number, kind: BlockFlaw["kind"], what: string): void => {
    const offset = table.get(block) * SECTOR_LENGTH;
    flaws.push({ block, offset, kind, message: `block ${block}, at ${offset}, ${what}` });
  };
  let previous: number | undefined;
  for (const block of placed(table)) {
    if (flaws.length >= most) break;
    const offset = table.get(block) * SECTOR_LENGTH;
    const end = offset + shape.regionLength;
    const hit = metadata.find((it) => offset < it.offset + it.length && it.offset < end);
    if (end > fileLength) add(block, "outside", `is not all in the file of ${fileLength} octets`);
    else if (hit !== undefined) add(block, "metadata", `lies over ${hit.name}`);
    else if (previous !== undefined && overlaps(table, shape, previous, block)) {
      add(block, "overlap", `lies over block ${previous}`);
    }
    previous = block;
  }
  return flaws;
}

function overlaps(
  table: BlockAllocationTable,
  shape: BlockShape,
  one: number,
  next: number,
): boolean {
  return (table.get(next) - table.get(one)) * SECTOR_LENGTH < shape.regionLength;
}

/** Blocks that have a place, in the order of their places. */
function placed(table: BlockAllocationTable): Uint32Array {
  let count = 0;
  for (let block = 0; block < table.blockCount; block++) {
    if (table.get(block) !== UNALLOCATED) count++;
  }
  const blocks = new Uint32Array(count);
  let at = 0;
  for (let block = 0; block < table.blockCount; block++) {
    if (table.get(block) !== UNALLOCATED) blocks[at++] = block;
  }
  return blocks.sort((one, other) => table.get(one) - table.get(other) || one - other);
}
