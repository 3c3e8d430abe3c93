/** What is worth knowing about a disk, though nothing is wrong with it. */
import type { DynamicLayer } from "../dynamic_layer.ts";
import { UNALLOCATED } from "../block_allocation_table.ts";
import type { FoundFooter } from "../find_footer.ts";
import { SECTOR_LENGTH } from "../geometry.ts";
import { type Flaw, flaw } from "./finding.ts";

/** Creators of whom readers know that the size counts, and not the geometry. */
const CREATORS_OF_SIZES: readonly string[] = ["win ", "qem2", "tap\0", "d2v ", "CTXS"];
const MOST_CYLINDERS = 65535;
const PIECE_LENGTH = 64 << 10;

export function* inspectNotes(path: string, { footer, at }: FoundFooter): Generator<Flaw> {
  const { geometry, currentSize, creatorApplication, savedState } = footer;
  const { cylinders, heads, sectorsPerTrack } = geometry;
  const described = cylinders * heads * sectorsPerTrack * SECTOR_LENGTH;
  const isMost = cylinders === MOST_CYLINDERS && heads === 16 && sectorsPerTrack === 255;
  const isKnown = CREATORS_OF_SIZES.includes(creatorApplication);
  if (described !== Number(currentSize) && !isMost && !isKnown) {
    const message = `its geometry tells of ${described} octets, and it has ${currentSize}: ` +
      "readers that go by the geometry (qemu) see another size";
    yield flaw("geometry", { path, at }, message);
  }
  if (savedState) {
    const message = "a machine was put to sleep with it, and may go on from what it remembers";
    yield flaw("saved-state", { path, at }, message);
  }
}

/** A table may be longer than its disk, as where a program has made room for it to grow. */
export async function inspectSpareEntries(layer: DynamicLayer): Promise<Flaw[]> {
  const { table, image, medium } = layer;
  const end = table.offset + image.header.maxTableEntries * 4;
  const piece = new Uint8Array(PIECE_LENGTH);
  const view = new DataView(piece.buffer);
  for (let at = table.offset + table.blockCount * 4; at < end; at += piece.length) {
    const length = Math.min(piece.length, end - at);
    await medium.file.read(at, piece, 0, length);
    for (let index = 0; index < length; index += 4) {
      if (view.getUint32(index) === UNALLOCATED) continue;
      const message = "the table has places for blocks behind the disk's end: unused space is " +
        "not looked for";
      return [flaw("spare-entry", { path: medium.file.path, at: at + index }, message)];
    }
  }
  return [];
}
