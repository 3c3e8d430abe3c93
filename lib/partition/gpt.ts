/**
 * The GUID Partition Table: a header and an array of entries behind the first block, and the same
 * at the disk's end, each checked by its CRC-32. UEFI 2.10 5.3.
 */
import { ascii, bytes, layout } from "../wire/layout.ts";
import { crc32 } from "../wire/crc32.ts";
import { u32le, u64le } from "../wire/little_endian.ts";
import { decodeUtf16, encodeUtf16 } from "../wire/utf16.ts";
import { formatGuid, parseGuid } from "./guid.ts";
import { lastBlock, type Partition, type PartitionTable } from "./partition_table.ts";

const SIGNATURE = "EFI PART";
const REVISION = 0x0001_0000;
export const GPT_HEADER_LENGTH = 92;
export const GPT_ENTRY_LENGTH = 128;
/** UEFI 2.10 5.3.1: at least 16,384 octets are set aside for the entries. */
export const GPT_ENTRY_COUNT = 128;
const ENTRIES_LENGTH = GPT_ENTRY_COUNT * GPT_ENTRY_LENGTH;
/** More of them than this are no table that anybody made. */
const MOST_ENTRIES_LENGTH = 1 << 20;

/** UEFI 2.10 table 5-5. */
export const GptHeaderLayout = layout(GPT_HEADER_LENGTH, {
  signature: ascii(0, 8),
  revision: u32le(8),
  headerSize: u32le(12),
  headerCRC32: u32le(16), // over headerSize octets, with this field zero
  myLBA: u64le(24),
  alternateLBA: u64le(32),
  firstUsableLBA: u64le(40),
  lastUsableLBA: u64le(48),
  diskGUID: bytes(56, 16),
  partitionEntryLBA: u64le(72),
  numberOfPartitionEntries: u32le(80),
  sizeOfPartitionEntry: u32le(84),
  partitionEntryArrayCRC32: u32le(88),
});

/** UEFI 2.10 table 5-6. */
export const GptEntryLayout = layout(GPT_ENTRY_LENGTH, {
  partitionTypeGUID: bytes(0, 16), // zeros: the entry is free
  uniquePartitionGUID: bytes(16, 16),
  startingLBA: u64le(32),
  endingLBA: u64le(40), // its last block
  attributes: bytes(48, 8),
  partitionName: bytes(56, 72), // UTF-16LE
});

/** Characters of a partition's name. */
export const MOST_NAME_LENGTH = GptEntryLayout.fields.partitionName.length / 2;

/** A header that was found sound. */
export interface GptHeader {
  readonly myLBA: number;
  readonly alternateLBA: number;
  readonly firstUsable: number;
  readonly lastUsable: number;
  readonly id: string;
  readonly entriesLBA: number;
  readonly entryCount: number;
  readonly entryLength: number;
  readonly entriesCRC32: number;
}

/** Undefined: the block holds none that is sound. */
export function parseGptHeader(block: Uint8Array, lba: number): GptHeader | undefined {
  const header = new GptHeaderLayout(block);
  const { headerSize, sizeOfPartitionEntry: entryLength } = header;
  const { numberOfPartitionEntries: entryCount } = header;
  if (header.signature !== SIGNATURE || header.myLBA !== lba) return undefined;
  if (headerSize < GPT_HEADER_LENGTH || headerSize > block.length) return undefined;
  const checked = block.slice(0, headerSize);
  new GptHeaderLayout(checked).headerCRC32 = 0;
  if (crc32(checked) !== header.headerCRC32) return undefined;
  if (entryLength < GPT_ENTRY_LENGTH || entryLength % 8 !== 0) return undefined;
  if (entryCount === 0 || entryCount * entryLength > MOST_ENTRIES_LENGTH) return undefined;
  return {
    ...{ myLBA: lba, alternateLBA: header.alternateLBA, entryCount, entryLength },
    ...{ firstUsable: header.firstUsableLBA, lastUsable: header.lastUsableLBA },
    ...{ id: formatGuid(header.diskGUID), entriesLBA: header.partitionEntryLBA },
    entriesCRC32: header.partitionEntryArrayCRC32,
  };
}

/** The partitions of an array of entries; undefined: it is not the header's. */
export function parseGptEntries(
  octets: Uint8Array,
  { entryCount, entryLength, entriesCRC32 }: GptHeader,
): Partition[] | undefined {
  const array = octets.subarray(0, entryCount * entryLength);
  if (crc32(array) !== entriesCRC32) return undefined;
  const partitions: Partition[] = [];
  for (let at = 0; at < entryCount; at++) {
    const entry = new GptEntryLayout(array, at * entryLength);
    if (entry.partitionTypeGUID.every((octet) => octet === 0)) continue;
    partitions.push({
      number: at + 1,
      firstBlock: entry.startingLBA,
      blockCount: entry.endingLBA - entry.startingLBA + 1,
      type: formatGuid(entry.partitionTypeGUID),
      name: decodeUtf16(entry.partitionName, "utf-16le"),
      id: formatGuid(entry.uniquePartitionGUID),
      attributes: entry.attributes.slice(),
    });
  }
  return partitions;
}

/** Blocks that the entries take. */
function entryBlocks(blockLength: number): number {
  return Math.ceil(ENTRIES_LENGTH / blockLength);
}

/** The fewest blocks of a disk that can have a table, and one block besides. */
export function fewestBlocks(blockLength: number): number {
  return 2 * entryBlocks(blockLength) + 4;
}

export type NewGpt = Pick<PartitionTable, "blockLength" | "blockCount" | "id">;

/** A table without partitions. */
export function newGpt({ blockLength, blockCount, id }: NewGpt): PartitionTable {
  return {
    ...{ scheme: "gpt", blockLength, blockCount, id, partitions: [], flaw: undefined },
    firstUsable: 2 + entryBlocks(blockLength),
    lastUsable: blockCount - entryBlocks(blockLength) - 2,
  };
}

/** One of the two copies of a table: octets, and where they go. */
export interface GptCopy {
  readonly headerLBA: number;
  readonly header: Uint8Array;
  readonly entriesLBA: number;
  readonly entries: Uint8Array;
}

/** Both copies of a table: the first behind block 0, the other at the disk's end. */
export function emitGpt(table: PartitionTable): { readonly primary: GptCopy; backup: GptCopy } {
  const { blockLength, blockCount } = table;
  const entries = new Uint8Array(entryBlocks(blockLength) * blockLength);
  for (const partition of table.partitions) emitEntry(entries, partition);
  const [first, last] = [1, blockCount - 1];
  const copy = (headerLBA: number, alternateLBA: number, entriesLBA: number): GptCopy => {
    const header = emitHeader(table, { headerLBA, alternateLBA, entriesLBA, entries });
    return { headerLBA, header, entriesLBA, entries };
  };
  return {
    primary: copy(first, last, 2),
    backup: copy(last, first, last - entryBlocks(blockLength)),
  };
}

function emitEntry(entries: Uint8Array, partition: Partition): void {
  const entry = new GptEntryLayout(entries, (partition.number - 1) * GPT_ENTRY_LENGTH);
  entry.partitionTypeGUID = parseGuid(partition.type);
  entry.uniquePartitionGUID = parseGuid(partition.id!);
  entry.startingLBA = partition.firstBlock;
  entry.endingLBA = lastBlock(partition);
  entry.attributes = partition.attributes;
  entry.partitionName = encodeUtf16(partition.name, "utf-16le");
}

function emitHeader(
  { blockLength, id, firstUsable, lastUsable }: PartitionTable,
  place: Pick<GptCopy, "headerLBA" | "entriesLBA" | "entries"> & { readonly alternateLBA: number },
): Uint8Array {
  const block = new Uint8Array(blockLength);
  const header = new GptHeaderLayout(block);
  header.signature = SIGNATURE;
  header.revision = REVISION;
  header.headerSize = GPT_HEADER_LENGTH;
  header.myLBA = place.headerLBA;
  header.alternateLBA = place.alternateLBA;
  header.firstUsableLBA = firstUsable;
  header.lastUsableLBA = lastUsable;
  header.diskGUID = parseGuid(id);
  header.partitionEntryLBA = place.entriesLBA;
  header.numberOfPartitionEntries = GPT_ENTRY_COUNT;
  header.sizeOfPartitionEntry = GPT_ENTRY_LENGTH;
  header.partitionEntryArrayCRC32 = crc32(place.entries.subarray(0, ENTRIES_LENGTH));
  header.headerCRC32 = crc32(block.subarray(0, GPT_HEADER_LENGTH));
  return block;
}
