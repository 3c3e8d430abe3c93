/** Writes what an epoch has gathered, whose data is durable, into bitmaps and table. */
import { turn } from "../block/slices.ts";
import { BlockAllocationTable, UNALLOCATED } from "./block_allocation_table.ts";
import type { DynamicLayer } from "./dynamic_layer.ts";
import { SECTOR_LENGTH } from "./geometry.ts";
import type { Epoch } from "./pending_units.ts";

/** Writes between which the event loop does not turn. */
const WRITES_A_TURN = 256;

/**
 * Any order is right: a blank block whose bits are not set, and bits of a block that has no place
 * yet, both leave the parent to be read.
 */
export async function publish(layer: DynamicLayer, epoch: Epoch): Promise<void> {
  const { file } = layer.medium;
  const bitmap = new Uint8Array(layer.shape.bitmapLength);
  let writes = 0;
  for (const [block, units] of epoch.units) {
    // Given up since, it has no bitmap any more.
    if (layer.table.get(block) === UNALLOCATED) continue;
    const position = layer.bitmapPosition(block);
    await file.read(position, bitmap, 0, bitmap.length);
    for (let at = 0; at < units.length; at++) bitmap[at]! |= units[at]!;
    file.writeSync(position, bitmap, 0, bitmap.length);
    if (++writes % WRITES_A_TURN === 0) await turn();
  }
  for (const block of epoch.places) layer.table.release(block);
  const sectors = new Set([...epoch.places].map(BlockAllocationTable.sectorOf));
  for (const sector of sectors) writeTableSector(layer, sector);
}

const octets = new Uint8Array(SECTOR_LENGTH);

/** Writes one sector of the table as it is now, wherever the table is. */
export function writeTableSector(layer: DynamicLayer, sector: number): void {
  for (const position of layer.table.positionsOf(sector)) {
    writeTableSectorAt(layer, sector, position);
  }
}

export function writeTableSectorAt(layer: DynamicLayer, sector: number, position: number): void {
  layer.table.emit(sector, octets);
  layer.medium.file.writeSync(position, octets, 0, octets.length);
}
