/**
 * Copies what a child of a chain holds into the file under it. The child must not change meanwhile;
 * who reads the chain may go on, since what is written is what the child holds over it. Doing it
 * again, wholly or in part, does no harm.
 */
import { dirname } from "node:path";
import type { BlockDevice } from "../../block/device.ts";
import { turn } from "../../block/slices.ts";
import type { DynamicLayer } from "../../vhd/dynamic_layer.ts";
import { DiskType } from "../../vhd/footer.ts";
import { FormatError } from "../../vhd/format_error.ts";
import { SECTOR_LENGTH } from "../../vhd/geometry.ts";
import { openVhd } from "../../vhd/open.ts";
import { findVhd, openDynamicLayer, openReadOnly } from "../../vhd/open_layers.ts";
import { type GivenSurroundings, type Surroundings, surroundings } from "../../vhd/surroundings.ts";
import { dateOf } from "../../vhd/time_stamp.ts";

/** Octets that are copied in one piece. */
const PIECE_LENGTH = 1 << 20;

export interface CopyIntoParentOptions extends GivenSurroundings {
  readonly parent: string;
  readonly child: string;
  /** The block of the child to begin with: those before it have been copied and flushed. */
  readonly from?: number | undefined;
  /** Aborting it ends the copying, with all that was copied flushed. */
  readonly signal?: AbortSignal | undefined;
  /** Octets of the disk that are done, of how many. */
  readonly progress?: ((done: number, total: number) => void) | undefined;
}

/** Answers the block that is next, or undefined when all is copied and flushed. */
export async function copyIntoParent(options: CopyIntoParentOptions): Promise<number | undefined> {
  const { parent, child } = options;
  const around = surroundings(options);
  const childFile = await openReadOnly(child, around);
  try {
    const vhd = findVhd(childFile);
    if (vhd.found.footer.diskType !== DiskType.DIFFERENCING) {
      throw new FormatError("it has no parent into which it could be merged", {
        path: child,
        at: vhd.found.at,
      });
    }
    const layer = await openDynamicLayer(vhd, around);
    const { device } = await openVhd(parent, { ...around, force: true, besideReaders: true });
    try {
      if (layer.size > device.size) await device.grow!(layer.size);
      return await copyBlocks(layer, device, options);
    } finally {
      await device.close();
      await keepTime(parent, layer, around);
    }
  } finally {
    childFile.close();
  }
}

/**
 * Has the parent say again when it was last written to, as its child knows it: what was copied has
 * changed nothing that is read through the child. For what a crash has interrupted.
 */
export async function restoreTime(
  parent: string,
  child: string,
  given: GivenSurroundings = {},
): Promise<void> {
  const around = surroundings(given);
  const childFile = await openReadOnly(child, around);
  try {
    await keepTime(parent, await openDynamicLayer(findVhd(childFile), around), around);
  } finally {
    childFile.close();
  }
}

async function keepTime(
  parent: string,
  { image: { header } }: DynamicLayer,
  { files }: Surroundings,
): Promise<void> {
  // A journal that a loss of power brought back would have the parent put in order again.
  await files.syncDirectory(dirname(parent));
  if (header.parentTimeStamp === 0) return; // it does not know
  await files.touch(parent, dateOf(header.parentTimeStamp));
  await files.syncAll(parent);
}

async function copyBlocks(
  layer: DynamicLayer,
  parent: BlockDevice,
  { from = 0, signal, progress }: CopyIntoParentOptions,
): Promise<number | undefined> {
  const { blockLength, bitmapLength } = layer.shape;
  const bitmap = new Uint8Array(bitmapLength);
  const buffer = new Uint8Array(PIECE_LENGTH);
  let block = from;
  for (; block < layer.shape.blockCount(layer.size); block++) {
    if (signal?.aborted) break;
    if (!layer.has(block)) continue;
    await layer.medium.read(layer.bitmapPosition(block), bitmap, 0, bitmapLength);
    const start = block * blockLength;
    const length = Math.min(blockLength, layer.size - start);
    for (const run of heldRuns(bitmap, length)) {
      await copyRun(layer, parent, start + run.offset, run.length, buffer);
    }
    progress?.(start + length, layer.size);
    await turn();
  }
  await parent.flush();
  return signal?.aborted ? block : undefined;
}

/** The runs of a block whose sectors the bitmap says are held; high bits come first. */
function* heldRuns(bitmap: Uint8Array, length: number) {
  const sectors = length / SECTOR_LENGTH;
  const isHeld = (sector: number) => (bitmap[sector >> 3]! & (0x80 >> (sector & 7))) !== 0;
  for (let sector = 0; sector < sectors;) {
    if (!isHeld(sector)) {
      sector++;
      continue;
    }
    const first = sector;
    while (sector < sectors && isHeld(sector)) sector++;
    yield { offset: first * SECTOR_LENGTH, length: (sector - first) * SECTOR_LENGTH };
  }
}

async function copyRun(
  from: DynamicLayer,
  to: BlockDevice,
  offset: number,
  length: number,
  buffer: Uint8Array,
): Promise<void> {
  for (let done = 0; done < length;) {
    const piece = Math.min(buffer.length, length - done);
    await from.read(offset + done, buffer, 0, piece);
    await to.write(offset + done, buffer, 0, piece);
    done += piece;
  }
}
