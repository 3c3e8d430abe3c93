/** What the blocks of a dynamic disk say of themselves, where readers do not agree on it. */
import { turn } from "../../block/slices.ts";
import { UNALLOCATED } from "../block_allocation_table.ts";
import type { DynamicLayer } from "../dynamic_layer.ts";
import { SECTOR_LENGTH } from "../geometry.ts";
import { type Flaw, flaw } from "./finding.ts";
import type { Watch } from "./watch.ts";

const BLOCKS_A_TURN = 64;
/** Octets of a block that are looked at in one piece: blocks may be large. */
const PIECE_LENGTH = 1 << 20;

/**
 * Data in sectors that the bitmap calls absent: it is not read here, and not by libvhdi, but other
 * readers let the bitmap of a dynamic disk be.
 */
export async function* inspectBlocks(
  layer: DynamicLayer,
  { progress, signal }: Watch,
): AsyncGenerator<Flaw> {
  const { table, shape, medium } = layer;
  const bitmap = new Uint8Array(shape.bitmapLength);
  const data = new Uint8Array(Math.min(shape.blockLength, PIECE_LENGTH));
  const total = layer.table.sorted().length * shape.regionLength;
  let blocks = 0, sectors = 0, done = 0;
  let first: number | undefined;
  for (let block = 0, looked = 0; block < table.blockCount; block++) {
    if (table.get(block) === UNALLOCATED) continue;
    await medium.file.read(layer.bitmapPosition(block), bitmap, 0, bitmap.length);
    const length = Math.min(shape.blockLength, layer.size - block * shape.blockLength);
    if (!isFull(bitmap, length / SECTOR_LENGTH)) {
      const at = layer.bitmapPosition(block) + shape.bitmapLength;
      let hidden = 0;
      for (let within = 0; within < length; within += data.length) {
        const piece = data.subarray(0, Math.min(data.length, length - within));
        await medium.file.read(at + within, piece, 0, piece.length);
        hidden += hiddenSectors(bitmap, within / SECTOR_LENGTH, piece);
      }
      if (hidden > 0) {
        blocks++;
        sectors += hidden;
        first ??= layer.bitmapPosition(block);
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

function hiddenSectors(bitmap: Uint8Array, firstSector: number, data: Uint8Array): number {
  let hidden = 0;
  for (let index = 0; index * SECTOR_LENGTH < data.length; index++) {
    if (isPresent(bitmap, firstSector + index)) continue;
    const octets = data.subarray(index * SECTOR_LENGTH, (index + 1) * SECTOR_LENGTH);
    if (octets.some((octet) => octet !== 0)) hidden++;
  }
  return hidden;
}

/** The most significant bit is the first sector's. */
function isPresent(bitmap: Uint8Array, sector: number): boolean {
  return (bitmap[sector >>> 3]! & (0x80 >>> (sector & 7))) !== 0;
}
