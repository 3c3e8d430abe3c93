/** What is on a disk, as far as it can be told without knowing any file system. */
import type { BlockDevice } from "../block/device.ts";
import { SliceDevice } from "../block/slice.ts";
import { isZero } from "../block/zeros.ts";
import { END_LENGTH } from "../file_system/erase_ends.ts";
import { signatureOn, UNFINISHED } from "../file_system/signatures.ts";
import type { Partition, PartitionTable } from "./partition_table.ts";
import { readTable, type ReadTableOptions } from "./read_table.ts";

export interface Contents {
  readonly table: PartitionTable | undefined;
  /** What the whole of it is; undefined: nothing known, or it has a table. */
  readonly fileSystem: string | undefined;
  /** What each partition is, by its number. */
  readonly inPartitions: ReadonlyMap<number, string>;
  /** Its first mebibyte and its last are zeros. */
  readonly isBlank: boolean;
}

export async function contentsOf(
  device: BlockDevice,
  options: ReadTableOptions = {},
): Promise<Contents> {
  const signature = await signatureOn(device);
  // Boot sectors of file systems look like an MBR; no file system begins with a GPT.
  const found = await readTable(device, options);
  const table = found?.scheme === "mbr" && signature !== undefined ? undefined : found;
  const inPartitions = new Map<number, string>();
  for (const partition of table?.partitions ?? []) {
    const name = await signatureIn(device, table!, partition);
    if (name !== undefined) inPartitions.set(partition.number, name);
  }
  const fileSystem = table === undefined ? signature : undefined;
  return { table, fileSystem, inPartitions, isBlank: await hasBlankEnds(device) };
}

async function signatureIn(
  device: BlockDevice,
  table: PartitionTable,
  partition: Partition,
): Promise<string | undefined> {
  const { start, size } = placeOf(table, partition);
  if (start + size > device.size) return undefined;
  return await signatureOn(new SliceDevice(device, start, size));
}

/** Where a partition lies, in octets. */
export function placeOf(
  { blockLength }: PartitionTable,
  { firstBlock, blockCount }: Partition,
): { readonly start: number; readonly size: number } {
  return { start: firstBlock * blockLength, size: blockCount * blockLength };
}

async function hasBlankEnds(device: BlockDevice): Promise<boolean> {
  const length = Math.min(END_LENGTH, device.size);
  const octets = new Uint8Array(length);
  for (const at of new Set([0, device.size - length])) {
    await device.read(at, octets, 0, length);
    if (!isZero(octets)) return false;
  }
  return true;
}

/** What would be lost with it, in words; undefined: nothing. */
export function lossOf({ table, fileSystem, inPartitions, isBlank }: Contents): string | undefined {
  if (table !== undefined) {
    const count = table.partitions.length;
    const kind = table.scheme === "gpt" ? "a GPT" : "an MBR";
    const found = [...inPartitions.values()];
    const what = found.length === 0 ? "" : ` (${found.join(", ")})`;
    return `${kind} with ${count} partition${count === 1 ? "" : "s"}${what}`;
  }
  if (fileSystem === UNFINISHED) return undefined;
  if (fileSystem !== undefined) return `a file system or volume: ${fileSystem}`;
  return isBlank ? undefined : "data of a kind that is not known";
}
