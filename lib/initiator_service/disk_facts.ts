/** What `initiator disk` tells of a disk: as in `facts.ts`, keys are added and never renamed. */
import type { BlockDevice } from "../block/device.ts";
import { type Contents, placeOf } from "../partition/contents.ts";
import { gapsOf } from "../partition/free_space.ts";
import { typeName } from "../partition/partition_type.ts";

export interface PartitionFacts {
  readonly number: number;
  /** Octets from the disk's first one. */
  readonly start: number;
  readonly size: number;
  /** As commands call it; its code where they have no name for it. */
  readonly type: string;
  /** `0x83`, or a GUID. */
  readonly typeCode: string;
  readonly name: string;
  /** Its GUID; null: the scheme has none. */
  readonly id: string | null;
  /** What is known to be on it; null: nothing is. */
  readonly fileSystem: string | null;
}

export interface DiskFacts {
  readonly device: string;
  readonly size: number;
  /** Octets of a logical block; null: nobody tells, and no table does. */
  readonly blockLength: number | null;
  readonly table: "mbr" | "gpt" | null;
  /** The disk's own name in its table. */
  readonly id: string | null;
  /** What is wrong with the table. */
  readonly flaw: string | null;
  /** What is on the whole of it, where there is no table. */
  readonly fileSystem: string | null;
  readonly partitions: readonly PartitionFacts[];
  /** Where partitions could be. */
  readonly free: readonly { readonly start: number; readonly size: number }[];
}

export function diskFacts(
  name: string,
  device: BlockDevice,
  blockLength: number | undefined,
  { table, fileSystem, inPartitions }: Contents,
): DiskFacts {
  const partitions = table?.partitions.map((partition): PartitionFacts => ({
    ...{ number: partition.number, ...placeOf(table, partition) },
    ...{ type: typeName(partition.type, table.scheme), typeCode: partition.type },
    ...{ name: partition.name, id: partition.id },
    fileSystem: inPartitions.get(partition.number) ?? null,
  }));
  const free = table === undefined ? [] : gapsOf(table).map((gap) => ({
    start: gap.firstBlock * table.blockLength,
    size: gap.blockCount * table.blockLength,
  }));
  return {
    ...{ device: name, size: device.size, free, partitions: partitions ?? [] },
    blockLength: table?.blockLength ?? blockLength ?? null,
    ...{ table: table?.scheme ?? null, id: table?.id ?? null, flaw: table?.flaw ?? null },
    fileSystem: fileSystem ?? null,
  };
}
