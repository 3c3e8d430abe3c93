/** What becomes of a table when partitions are added to it, or taken from it. */
import type { Random } from "../runtime/random.ts";
import { ALIGNMENT, type Gap, gapsOf } from "./free_space.ts";
import { GPT_ENTRY_COUNT, MOST_NAME_LENGTH } from "./gpt.ts";
import { formatGuid, GUID_LENGTH, madeRandomGuid } from "./guid.ts";
import { requireMbrFits } from "./mbr.ts";
import { type Partition, PartitionError, type PartitionTable } from "./partition_table.ts";
import { typeCode, typeNames } from "./partition_type.ts";

export interface NewPartition {
  /** Octets; `rest`: the largest piece that is left. */
  readonly size: number | "rest";
  /** A name of `partition_type.ts`, or a code; `linux` without. */
  readonly type?: string | undefined;
  readonly name?: string | undefined;
}

const DEFAULT_TYPE = "linux";

/** The table with these partitions besides, each where it fits first; all of them or none. */
export function withPartitions(
  table: PartitionTable,
  added: readonly NewPartition[],
  random: Random,
): PartitionTable {
  return added.reduce((grown, each) => {
    const partition = placed(grown, each, random);
    const partitions = [...grown.partitions, partition].sort((a, b) => a.number - b.number);
    const next = { ...grown, partitions };
    if (table.scheme === "mbr") requireMbrFits(next);
    return next;
  }, table);
}

/** The table without these. */
export function withoutPartitions(
  table: PartitionTable,
  numbers: readonly number[],
): PartitionTable {
  for (const number of numbers) findPartition(table, number);
  const partitions = table.partitions.filter(({ number }) => !numbers.includes(number));
  return { ...table, partitions };
}

export function findPartition(table: PartitionTable, number: number): Partition {
  const found = table.partitions.find((each) => each.number === number);
  if (found !== undefined) return found;
  const there = table.partitions.map((each) => each.number).join(", ");
  throw new PartitionError(
    `there is no partition ${number}`,
    there === "" ? "the table is empty" : `those that there are: ${there}`,
    "not-found",
  );
}

function placed(table: PartitionTable, asked: NewPartition, random: Random): Partition {
  const type = codeOf(table, asked.type ?? DEFAULT_TYPE);
  const name = nameOf(table, asked.name ?? "");
  const { firstBlock, blockCount } = place(table, asked.size);
  const isNamed = table.scheme === "gpt";
  return {
    ...{ number: freeNumber(table), firstBlock, blockCount, type, name },
    id: isNamed ? formatGuid(madeRandomGuid(random.fill(new Uint8Array(GUID_LENGTH)))) : null,
    attributes: new Uint8Array(8),
  };
}

function place(table: PartitionTable, size: number | "rest"): Gap {
  const { blockLength } = table;
  const gaps = gapsOf(table);
  const largest = gaps.reduce((a, b) => b.blockCount > a.blockCount ? b : a, gaps[0] ?? NO_GAP);
  const step = ALIGNMENT / blockLength;
  if (size === "rest") {
    const whole = Math.floor(largest.blockCount / step) * step;
    if (whole > 0) return { ...largest, blockCount: whole };
    throw new PartitionError("nothing is left for a partition", "delete one first");
  }
  const blockCount = Math.ceil(size / blockLength);
  const gap = gaps.find((each) => each.blockCount >= blockCount);
  if (gap !== undefined && blockCount > 0) return { ...gap, blockCount };
  if (blockCount === 0) throw new PartitionError("a partition has no size", "give one: 512M, rest");
  throw new PartitionError(
    `a partition of ${size} octets does not fit: the largest gap has ` +
      `${largest.blockCount * blockLength}`,
    "make it smaller, or write rest for all that is left",
  );
}

const NO_GAP: Gap = { firstBlock: 0, blockCount: 0 };

function freeNumber({ partitions }: PartitionTable): number {
  const taken = new Set(partitions.map(({ number }) => number));
  for (let number = 1; number <= GPT_ENTRY_COUNT; number++) if (!taken.has(number)) return number;
  const message = `a GPT has room for ${GPT_ENTRY_COUNT} partitions`;
  throw new PartitionError(message, "delete one first");
}

function codeOf({ scheme }: PartitionTable, type: string): string {
  const code = typeCode(type, scheme);
  if (code !== undefined) return code;
  throw new PartitionError(
    `${scheme === "gpt" ? "a GPT" : "an MBR"} knows no type ${JSON.stringify(type)}`,
    `use one of ${typeNames(scheme).join(", ")}, or ${scheme === "gpt" ? "a GUID" : "0x83"}`,
    "usage",
  );
}

function nameOf({ scheme }: PartitionTable, name: string): string {
  if (name === "" || scheme === "gpt" && name.length <= MOST_NAME_LENGTH) return name;
  if (scheme === "gpt") {
    const message = `the name ${JSON.stringify(name)} has more than ${MOST_NAME_LENGTH} characters`;
    throw new PartitionError(message, "give a shorter one");
  }
  throw new PartitionError("partitions of an MBR have no names", "leave it out, or make a GPT");
}
