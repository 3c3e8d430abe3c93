/** Where on a disk there is room for partitions: what begins at whole mebibytes. */
import { lastBlock, type PartitionTable } from "./partition_table.ts";

/** Partitions begin at multiples of so many octets, whatever the medium's own blocks are. */
export const ALIGNMENT = 1 << 20;

export interface Gap {
  readonly firstBlock: number;
  readonly blockCount: number;
}

/** In the order in which they lie; those of less than a mebibyte are left out. */
export function gapsOf(table: PartitionTable): Gap[] {
  const { firstUsable, lastUsable, blockLength } = table;
  const step = ALIGNMENT / blockLength;
  const taken = [...table.partitions].sort((a, b) => a.firstBlock - b.firstBlock);
  const gaps: Gap[] = [];
  let from = firstUsable;
  const add = (end: number) => {
    const firstBlock = Math.ceil(from / step) * step;
    if (end - firstBlock >= step) gaps.push({ firstBlock, blockCount: end - firstBlock });
  };
  for (const partition of taken) {
    add(Math.min(partition.firstBlock, lastUsable + 1));
    from = Math.max(from, lastBlock(partition) + 1);
  }
  add(lastUsable + 1);
  return gaps;
}
