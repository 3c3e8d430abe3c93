/** Finds the partition table of a disk. */
import type { BlockDevice } from "../block/device.ts";
import { type GptHeader, newGpt, parseGptEntries, parseGptHeader } from "./gpt.ts";
import { isMbr, isProtective, MBR_LENGTH, parseMbr } from "./mbr.ts";
import type { Partition, PartitionTable } from "./partition_table.ts";

/** Those that disks have, the likeliest first. */
const BLOCK_LENGTHS = [512, 4096] as const;

export interface ReadTableOptions {
  /** Octets of a logical block; found out by the table without. */
  readonly blockLength?: number | undefined;
}

/** Undefined: there is none. */
export async function readTable(
  device: BlockDevice,
  { blockLength }: ReadTableOptions = {},
): Promise<PartitionTable | undefined> {
  const boot = await octetsAt(device, 0, MBR_LENGTH);
  if (boot === undefined) return undefined;
  // UEFI 2.10 5.2.2: what an MBR that protects nothing says, holds.
  const isPlain = isMbr(boot) && !isProtective(boot);
  for (const length of blockLength === undefined ? BLOCK_LENGTHS : [blockLength]) {
    const table = isPlain ? undefined : await readGpt(device, length, isProtective(boot));
    if (table !== undefined) return table;
  }
  if (!isMbr(boot)) return undefined;
  const length = blockLength ?? BLOCK_LENGTHS[0];
  const blockCount = Math.floor(device.size / length);
  const flaw = isPlain ? undefined : "it stands for a GPT, both copies of which are damaged";
  return { ...parseMbr(boot, { blockLength: length, blockCount }), flaw };
}

async function readGpt(
  device: BlockDevice,
  blockLength: number,
  isProtected: boolean,
): Promise<PartitionTable | undefined> {
  const blockCount = Math.floor(device.size / blockLength);
  const primary = await readCopy(device, 1, blockLength);
  const backupAt = primary?.header.alternateLBA ?? blockCount - 1;
  const backup = await readCopy(device, backupAt, blockLength) ??
    await readCopy(device, blockCount - 1, blockLength);
  const sound = primary ?? backup;
  if (sound === undefined) return undefined;
  const { header, partitions } = sound;
  const isAtEnd = Math.max(header.alternateLBA, header.myLBA) === blockCount - 1;
  const { lastUsable } = newGpt({ blockLength, blockCount, id: header.id });
  return {
    ...{ scheme: "gpt", blockLength, blockCount, id: header.id, partitions },
    firstUsable: header.firstUsable,
    lastUsable: isAtEnd ? header.lastUsable : lastUsable,
    flaw: flawOf(primary !== undefined, backup !== undefined, isAtEnd, isProtected),
  };
}

function flawOf(
  primary: boolean,
  backup: boolean,
  isAtEnd: boolean,
  isProtected: boolean,
): string | undefined {
  if (!primary) return "its first copy is damaged; the second one is used";
  if (!backup) return "its second copy is damaged";
  if (!isAtEnd) return "the disk has grown since, and the second copy is not at its end";
  return isProtected ? undefined : "no protective MBR keeps older systems from it";
}

interface SoundCopy {
  readonly header: GptHeader;
  readonly partitions: Partition[];
}

async function readCopy(
  device: BlockDevice,
  lba: number,
  blockLength: number,
): Promise<SoundCopy | undefined> {
  const block = await octetsAt(device, lba * blockLength, blockLength);
  const header = block === undefined ? undefined : parseGptHeader(block, lba);
  if (header === undefined) return undefined;
  const { entriesLBA, entryCount, entryLength } = header;
  const entries = await octetsAt(device, entriesLBA * blockLength, entryCount * entryLength);
  const partitions = entries === undefined ? undefined : parseGptEntries(entries, header);
  return partitions === undefined ? undefined : { header, partitions };
}

/** Undefined: they do not all lie on the device. */
async function octetsAt(
  device: BlockDevice,
  offset: number,
  length: number,
): Promise<Uint8Array | undefined> {
  if (!(offset >= 0 && offset + length <= device.size)) return undefined;
  const octets = new Uint8Array(length);
  await device.read(offset, octets, 0, length);
  return octets;
}
