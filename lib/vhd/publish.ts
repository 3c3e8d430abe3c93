/** Writes what an epoch has gathered, whose data is durable, into bitmaps and table. */
import { turn } from "../block/slices.ts";
import { UNALLOCATED } from "./block_allocation_table.ts";
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
  for (const sector of epoch.tableSectors) writeTableSector(layer, sector);
}

const octets = new Uint8Array(SECTOR_LENGTH);

/** Writes one sector of the table as it is now. */
export function writeTableSector(layer: DynamicLayer, sector: number): void {
  layer.table.emit(sector, octets);
  layer.medium.file.writeSync(layer.table.positionOf(sector), octets, 0, octets.length);
}
