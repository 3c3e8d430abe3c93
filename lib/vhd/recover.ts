/**
 * Brings the file of a dynamic or differencing disk into order before it is written to: what a
 * journal has noted is published, what was prepared and not used is cut off, and the footer at the
 * end is there. Done again from any point on, it comes to the same.
 */
import { UNALLOCATED } from "./block_allocation_table.ts";
import { cutTo, usedEnd, writeFooter } from "./blank_blocks.ts";
import { UNIT_LENGTH } from "./block_shape.ts";
import type { DynamicLayer } from "./dynamic_layer.ts";
import { type Footers, isFound } from "./find_footer.ts";
import { DiskType, emitFooter, FOOTER_LENGTH } from "./footer.ts";
import { FormatError } from "./format_error.ts";
import { SECTOR_LENGTH } from "./geometry.ts";
import type { LeftJournal } from "./left_journal.ts";
import { PendingUnits } from "./pending_units.ts";
import { publish } from "./publish.ts";
import { requireBlocks } from "./require_blocks.ts";

/** Where things are in a file that is in order. */
export interface RecoveredFile {
  /** Where the footer at the file's end is. */
  readonly end: number;
  /** The file is not to be cut before this. */
  readonly floor: number;
}

/** What is left to do with a disk that is not whole. */
const READ_ALONE = "it can be read, but not written to; see what can be repaired, with sanctl " +
  "disk check, or take a copy, with sanctl disk convert";

/** Fails with a FormatError for what cannot be put in order without loss. */
export async function recover(
  layer: DynamicLayer,
  footers: Footers,
  left: LeftJournal | undefined,
  notice: (text: string) => void,
): Promise<RecoveredFile> {
  requireOneDisk(layer, footers);
  if (left === undefined) {
    requireBlocks(layer, READ_ALONE);
    return await inOrder(layer, footers, notice);
  }
  const { path } = layer.medium.file;
  // A table that only the page cache has must not be lost once its regions are used otherwise.
  await layer.medium.sync();
  const noted = replay(layer, left);
  const next = noted.isEmpty
    ? READ_ALONE
    : "was it changed by another program? To do without what only its journal has, remove that";
  requireBlocks(layer, next);
  await publish(layer, noted.take());
  await layer.medium.sync();
  notice(`${path} was not closed the last time: it is in order again`);
  if (left.floor === undefined) return await inOrder(layer, footers, notice);
  const end = Math.max(left.floor, usedEnd(layer));
  await cutTo(layer, end);
  return { end, floor: left.floor };
}

async function inOrder(
  layer: DynamicLayer,
  footers: Footers,
  notice: (text: string) => void,
): Promise<RecoveredFile> {
  const end = await endWithFooter(layer, footers, notice);
  return { end, floor: floorOf(layer, end) };
}

/** Both footers are of the disk, or the one at the beginning is. */
function requireOneDisk({ medium, footer }: DynamicLayer, { head, tail }: Footers): void {
  const { path } = medium.file;
  if (!isFound(head)) {
    const message = `the copy of its footer at the beginning is lost: ${READ_ALONE}`;
    throw new FormatError(message, { path, at: 0 });
  }
  if (!isFound(tail) || tail.footer.uniqueId.toHex() === footer.uniqueId.toHex()) return;
  const message = `its footers at the beginning and at the end are of two disks: ${READ_ALONE}`;
  throw new FormatError(message, { path, at: tail.at });
}

/** The notes of a journal, as what waits to be published; the table gets its places from them. */
export function replay(layer: DynamicLayer, { records }: LeftJournal): PendingUnits {
  const { table, shape, medium } = layer;
  const pending = new PendingUnits(shape);
  const units = shape.blockLength / UNIT_LENGTH;
  const isChild = layer.footer.diskType === DiskType.DIFFERENCING;
  for (const { block, sector, firstUnit, endUnit } of records) {
    if (block >= table.blockCount || firstUnit >= endUnit || endUnit > units) continue;
    if ((sector * SECTOR_LENGTH) + shape.regionLength > medium.file.length) continue;
    const present = table.get(block);
    // A dynamic disk names places at once, and gives them up: an older note means nothing then.
    if (present === UNALLOCATED && isChild) {
      table.set(block, sector);
      pending.addPlace(block);
    } else if (present !== sector) continue;
    pending.add(block, firstUnit, endUnit);
  }
  return pending;
}

/** The footer at the end is put right where it is not; answers where it is. */
async function endWithFooter(
  layer: DynamicLayer,
  { tail }: Footers,
  notice: (text: string) => void,
): Promise<number> {
  const { file } = layer.medium;
  // One that the last block lies over is data of that.
  if (isFound(tail) && tail.at >= usedEnd(layer)) {
    const found = emitFooter(tail.footer), wanted = emitFooter(layer.footer);
    if (found.every((octet, at) => octet === wanted[at])) return tail.at;
  }
  // A damaged one is written over; where there is none, nothing is.
  const place = tail === undefined
    ? Math.ceil(file.length / SECTOR_LENGTH) * SECTOR_LENGTH
    : isFound(tail)
    ? tail.at
    : file.length - FOOTER_LENGTH;
  const end = Math.max(place, usedEnd(layer));
  await file.resize(end + FOOTER_LENGTH);
  writeFooter(layer, end);
  await layer.medium.sync();
  notice(`${file.path} had no right footer at its end: it is written anew`);
  return end;
}

/**
 * What nobody can explain is left where it is: everything before the first block, and, where
 * something lies behind the last one, all of it.
 */
function floorOf(layer: DynamicLayer, end: number): number {
  const first = layer.table.sorted()[0];
  return first === undefined || usedEnd(layer) < end ? end : first * SECTOR_LENGTH;
}
