/** What a partition table says, whatever its scheme. Places and lengths are logical blocks. */
import type { Scheme } from "./partition_type.ts";

export interface Partition {
  /** Names it to commands: its place in the table, from 1 on. */
  readonly number: number;
  readonly firstBlock: number;
  readonly blockCount: number;
  /** `0x83`, or a GUID. */
  readonly type: string;
  /** Empty where the scheme has no names. */
  readonly name: string;
  /** Its own GUID; null where the scheme has none. */
  readonly id: string | null;
  /** As the table holds them: eight octets, or the status of MBR in the first. */
  readonly attributes: Uint8Array;
}

export interface PartitionTable {
  readonly scheme: Scheme;
  readonly blockLength: number;
  /** Of the disk. */
  readonly blockCount: number;
  /** The disk's own name: a GUID, or eight hexadecimal digits. */
  readonly id: string;
  /** Partitions may lie from here to there, both included. */
  readonly firstUsable: number;
  readonly lastUsable: number;
  /** In the order of their numbers. */
  readonly partitions: readonly Partition[];
  /** What is wrong with it; undefined: nothing. It is put right when the table is changed. */
  readonly flaw: string | undefined;
}

/** A table that cannot be read, or not be made as asked. */
export class PartitionError extends Error {
  override readonly name = "PartitionError";

  constructor(
    message: string,
    readonly next: string,
    readonly kind: "failed" | "usage" | "not-found" = "failed",
  ) {
    super(message);
  }
}

export function lastBlock({ firstBlock, blockCount }: Partition): number {
  return firstBlock + blockCount - 1;
}
