/**
 * Writes the partition table of a disk, so that there is a whole one whatever interrupts it: of a
 * GPT the copy at the end first, and the one at the beginning when that is on the medium.
 */
import type { BlockDevice } from "../block/device.ts";
import { emitGpt, type GptCopy } from "./gpt.ts";
import { emitMbr, emitProtective, MBR_LENGTH, requireMbrFits } from "./mbr.ts";
import type { PartitionTable } from "./partition_table.ts";

/** Puts a changed table in the place of the one that is there. */
export async function writeTable(device: BlockDevice, table: PartitionTable): Promise<void> {
  const boot = new Uint8Array(MBR_LENGTH);
  await device.read(0, boot, 0, MBR_LENGTH);
  if (table.scheme === "mbr") {
    requireMbrFits(table);
    emitMbr(boot, table);
  } else {
    const { primary, backup } = emitGpt(table);
    await writeCopy(device, backup, table.blockLength);
    await writeCopy(device, primary, table.blockLength);
    emitProtective(boot, table.blockCount);
  }
  await device.write(0, boot, 0, MBR_LENGTH);
  await device.flush();
}

/** The entries before the header that vouches for them. */
async function writeCopy(device: BlockDevice, copy: GptCopy, blockLength: number): Promise<void> {
  await device.write(copy.entriesLBA * blockLength, copy.entries, 0, copy.entries.length);
  await device.write(copy.headerLBA * blockLength, copy.header, 0, copy.header.length);
  await device.flush();
}
