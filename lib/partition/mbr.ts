/**
 * The Master Boot Record: one sector with four partitions, whatever the block length of its disk.
 * There is no standard but UEFI 2.10 5.2. Logical partitions are left to others: what an extended
 * partition holds is neither shown nor touched.
 */
import { bytes, layout, u8 } from "../wire/layout.ts";
import { u16le, u32le } from "../wire/little_endian.ts";
import { type Partition, PartitionError, type PartitionTable } from "./partition_table.ts";

export const MBR_LENGTH = 512;

const ENTRY_LENGTH = 16;
const ENTRY_COUNT = 4;
const SIGNATURE = 0xaa55;
/** Blocks are counted in 32 bits. */
const MOST_BLOCKS = 0xffff_ffff;
/** Where cylinders, heads and sectors do not reach. */
const BEYOND_CHS = Uint8Array.of(0xfe, 0xff, 0xff);
/** UEFI 2.10 5.2.3: of the entry that keeps others from a disk with a GPT. */
const PROTECTIVE_TYPE = 0xee;
const PROTECTIVE_START = Uint8Array.of(0x00, 0x02, 0x00);
const PROTECTIVE_END = Uint8Array.of(0xff, 0xff, 0xff);

export const MbrLayout = layout(MBR_LENGTH, {
  bootCode: bytes(0, 440),
  diskSignature: u32le(440),
  entries: bytes(446, ENTRY_COUNT * ENTRY_LENGTH),
  signature: u16le(510),
});

export const MbrEntryLayout = layout(ENTRY_LENGTH, {
  status: u8(0), // 0x80: the system boots from it
  firstAddress: bytes(1, 3), // cylinder, head, sector
  type: u8(4), // 0: the entry is free
  lastAddress: bytes(5, 3),
  firstBlock: u32le(8),
  blockCount: u32le(12),
});

function entriesOf(sector: Uint8Array) {
  return Array.from(
    { length: ENTRY_COUNT },
    (_, at) => new MbrEntryLayout(sector, MbrLayout.fields.entries.at + at * ENTRY_LENGTH),
  );
}

/** Whether a sector may be one: boot sectors of file systems end alike. */
export function isMbr(sector: Uint8Array): boolean {
  return new MbrLayout(sector).signature === SIGNATURE &&
    entriesOf(sector).every(({ status, type, firstBlock, blockCount }) =>
      (status & 0x7f) === 0 && (type === 0 || (firstBlock > 0 && blockCount > 0))
    );
}

/** Whether it says that there is a GPT. */
export function isProtective(sector: Uint8Array): boolean {
  return new MbrLayout(sector).signature === SIGNATURE &&
    entriesOf(sector).some(({ type }) => type === PROTECTIVE_TYPE);
}

/** The table that a sector holds, for which {@link isMbr} is true. */
export function parseMbr(
  sector: Uint8Array,
  { blockLength, blockCount }: Pick<PartitionTable, "blockLength" | "blockCount">,
): PartitionTable {
  const partitions = entriesOf(sector).flatMap((entry, at): Partition[] => {
    const { type, status, firstBlock, blockCount } = entry;
    if (type === 0) return [];
    const attributes = Uint8Array.of(status, 0, 0, 0, 0, 0, 0, 0);
    const code = `0x${type.toString(16).padStart(2, "0")}`;
    return [{
      ...{ number: at + 1, firstBlock, blockCount, type: code, name: "", id: null, attributes },
    }];
  });
  return {
    ...{ scheme: "mbr", blockLength, blockCount, partitions, flaw: undefined },
    id: new MbrLayout(sector).diskSignature.toString(16).padStart(8, "0"),
    firstUsable: 1,
    lastUsable: Math.min(blockCount, MOST_BLOCKS) - 1,
  };
}

/** Puts the table into the sector, whose boot code stays. */
export function emitMbr(sector: Uint8Array, table: PartitionTable): void {
  const record = new MbrLayout(sector);
  record.diskSignature = Number.parseInt(table.id, 16);
  record.signature = SIGNATURE;
  for (const [at, entry] of entriesOf(sector).entries()) {
    const partition = table.partitions.find(({ number }) => number === at + 1);
    if (partition === undefined) {
      record.entries.fill(0, at * ENTRY_LENGTH, (at + 1) * ENTRY_LENGTH);
    } else if (!isSame(entry, partition)) {
      entry.status = partition.attributes[0]!;
      entry.firstAddress = BEYOND_CHS;
      entry.type = Number.parseInt(partition.type, 16);
      entry.lastAddress = BEYOND_CHS;
      entry.firstBlock = partition.firstBlock;
      entry.blockCount = partition.blockCount;
    }
  }
}

/** An entry that others made keeps its addresses. */
function isSame(entry: ReturnType<typeof entriesOf>[number], partition: Partition): boolean {
  return entry.firstBlock === partition.firstBlock && entry.blockCount === partition.blockCount &&
    entry.type === Number.parseInt(partition.type, 16) &&
    entry.status === partition.attributes[0];
}

/** Makes the sector say that there is a GPT, unless others have made it say so and more. */
export function emitProtective(sector: Uint8Array, blockCount: number): void {
  if (isProtective(sector) && entriesOf(sector).filter(({ type }) => type !== 0).length > 1) return;
  const record = new MbrLayout(sector);
  record.signature = SIGNATURE;
  record.entries.fill(0);
  const [entry] = entriesOf(sector);
  entry!.firstAddress = PROTECTIVE_START;
  entry!.type = PROTECTIVE_TYPE;
  entry!.lastAddress = PROTECTIVE_END;
  entry!.firstBlock = 1;
  entry!.blockCount = Math.min(blockCount - 1, MOST_BLOCKS);
}

/** A table without partitions; `id` has eight hexadecimal digits. */
export function newMbr(
  { blockLength, blockCount, id }: Pick<PartitionTable, "blockLength" | "blockCount" | "id">,
): PartitionTable {
  return {
    ...{ scheme: "mbr", blockLength, blockCount, id, partitions: [], flaw: undefined },
    firstUsable: 1,
    lastUsable: Math.min(blockCount, MOST_BLOCKS) - 1,
  };
}

/** Refuses what the record cannot hold. */
export function requireMbrFits({ partitions }: PartitionTable): void {
  if (partitions.length <= ENTRY_COUNT) return;
  throw new PartitionError(
    `an MBR has room for ${ENTRY_COUNT} partitions`,
    "delete one, or make a GPT: sanctl initiator disk init --gpt",
  );
}
