/** What the blocks of a dynamic disk say of themselves, where readers do not agree on it. */
import type { PositionalFile } from "../../block/positional_file.ts";
import { turn } from "../../block/slices.ts";
import { UNALLOCATED } from "../block_allocation_table.ts";
import type { DynamicLayer } from "../dynamic_layer.ts";
import { SECTOR_LENGTH } from "../geometry.ts";
import { type Flaw, flaw } from "./finding.ts";
import type { Watch } from "./watch.ts";

const BLOCKS_A_TURN = 64;
/** Octets of a block that are looked at in one piece: blocks may be large. */
const PIECE_LENGTH = 1 << 20;

export interface BlocksWatch extends Watch {
  /**
   * Of a disk that is written to meanwhile: resolves when bitmaps tell of all that was written
   * before the call.
   */
  readonly settled?: (() => Promise<void>) | undefined;
}

/**
 * Data in sectors that the bitmap calls absent: it is not read here, and not by libvhdi, but other
 * readers let the bitmap of a dynamic disk be.
 */
export async function* inspectBlocks(
  layer: DynamicLayer,
  { progress, signal, settled }: BlocksWatch,
): AsyncGenerator<Flaw> {
  const { table, shape, medium } = layer;
  const bitmap = new Uint8Array(shape.bitmapLength);
  const pieceLength = Math.min(shape.blockLength, PIECE_LENGTH);
  const total = layer.table.sorted().length * shape.regionLength;
  let blocks = 0, sectors = 0, done = 0;
  let first: number | undefined;
  for (let block = 0, looked = 0; block < table.blockCount; block++) {
    if (table.get(block) === UNALLOCATED) continue;
    const place = layer.bitmapPosition(block);
    await medium.file.read(place, bitmap, 0, bitmap.length);
    const length = Math.min(shape.blockLength, layer.size - block * shape.blockLength);
    if (!isFull(bitmap, length / SECTOR_LENGTH)) {
      const data = place + shape.bitmapLength;
      let hidden = await hiddenSectors(medium.file, bitmap, { at: data, length, pieceLength });
      if (hidden.length > 0 && settled !== undefined) {
        await settled();
        await medium.file.read(place, bitmap, 0, bitmap.length);
        // Given up meanwhile, its region may be another block's.
        const isThere = layer.has(block) && layer.bitmapPosition(block) === place;
        hidden = isThere ? hidden.filter((sector) => !isPresent(bitmap, sector)) : [];
      }
      if (hidden.length > 0) {
        blocks++;
        sectors += hidden.length;
        first ??= place;
      }
    }
    done += shape.regionLength;
    if (++looked % BLOCKS_A_TURN === 0) {
      signal?.throwIfAborted();
      progress?.(done, total);
      await turn();
    }
  }
  if (first === undefined) return;
  const message = `${sectors} sectors in ${blocks} blocks hold data that their bitmaps call ` +
    "absent: they read as zeros here, and as that data with readers that let bitmaps be (qemu)";
  yield flaw("bitmap", { path: medium.file.path, at: first }, message);
}

function isFull(bitmap: Uint8Array, sectors: number): boolean {
  const octets = Math.floor(sectors / 8);
  for (let octet = 0; octet < octets; octet++) if (bitmap[octet] !== 0xff) return false;
  for (let at = octets * 8; at < sectors; at++) if (!isPresent(bitmap, at)) return false;
  return true;
}

interface BlockData {
  readonly at: number;
  readonly length: number;
  readonly pieceLength: number;
}

/** The sectors with data in them that the bitmap calls absent. */
async function hiddenSectors(
  file: PositionalFile,
  bitmap: Uint8Array,
  { at, length, pieceLength }: BlockData,
): Promise<number[]> {
  const hidden: number[] = [];
  const data = new Uint8Array(pieceLength);
  for (let within = 0; within < length; within += pieceLength) {
    const piece = data.subarray(0, Math.min(pieceLength, length - within));
    await file.read(at + within, piece, 0, piece.length);
    for (let offset = 0; offset < piece.length; offset += SECTOR_LENGTH) {
      const sector = (within + offset) / SECTOR_LENGTH;
      if (isPresent(bitmap, sector)) continue;
      const octets = piece.subarray(offset, offset + SECTOR_LENGTH);
      if (octets.some((octet) => octet !== 0)) hidden.push(sector);
    }
  }
  return hidden;
}

/** The most significant bit is the first sector's. */
function isPresent(bitmap: Uint8Array, sector: number): boolean {
  return (bitmap[sector >>> 3]! & (0x80 >>> (sector & 7))) !== 0;
}
