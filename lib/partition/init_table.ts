/** Makes a disk an empty one with a partition table, whatever was on it. */
import type { BlockDevice } from "../block/device.ts";
import type { Random } from "../runtime/random.ts";
import { fewestBlocks, newGpt } from "./gpt.ts";
import { formatGuid, GUID_LENGTH, madeRandomGuid } from "./guid.ts";
import { newMbr } from "./mbr.ts";
import { PartitionError, type PartitionTable } from "./partition_table.ts";
import type { Scheme } from "./partition_type.ts";
import { writeTable } from "./write_table.ts";
import { eraseEnds } from "../file_system/erase_ends.ts";

export interface InitOptions {
  readonly scheme: Scheme;
  /** Octets of a logical block. */
  readonly blockLength: number;
  readonly random: Random;
}

export async function initTable(
  device: BlockDevice,
  { scheme, blockLength, random }: InitOptions,
): Promise<PartitionTable> {
  const blockCount = Math.floor(device.size / blockLength);
  const fewest = scheme === "gpt" ? fewestBlocks(blockLength) : 2;
  if (blockCount < fewest) {
    const message = `${device.size} octets are too few for a partition table`;
    throw new PartitionError(message, "use the disk without one");
  }
  const table = scheme === "gpt"
    ? newGpt({
      ...{ blockLength, blockCount },
      id: formatGuid(madeRandomGuid(random.fill(new Uint8Array(GUID_LENGTH)))),
    })
    : newMbr({ blockLength, blockCount, id: random.fill(new Uint8Array(4)).toHex() });
  // What was there may be found by its last octets as well as by its first.
  await eraseEnds(device);
  await writeTable(device, table);
  return table;
}
