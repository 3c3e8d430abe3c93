/** Regions that lie free between the blocks of a file, as blocks given up leave them. */
import type { DynamicLayer } from "./dynamic_layer.ts";
import { SECTOR_LENGTH } from "./geometry.ts";

/** The rest is found when the disk is opened again. */
const MOST_GAPS = 65_536;

/** Sectors of whole regions between blocks, where no other part of the file is. */
export function gapsOf(layer: DynamicLayer): number[] {
  const { shape, image } = layer;
  const gaps: number[] = [];
  let end: number | undefined;
  for (const sector of layer.table.sorted()) {
    const start = sector * SECTOR_LENGTH;
    for (let at = end; at !== undefined && gaps.length < MOST_GAPS;) {
      const data: number = shape.dataBehind(at);
      const stop: number = data + shape.blockLength;
      if (stop > start) break;
      const region = data - shape.bitmapLength;
      const hit = image.metadata.find((it) => region < it.offset + it.length && it.offset < stop);
      if (hit === undefined) gaps.push(region / SECTOR_LENGTH);
      at = hit === undefined ? stop : hit.offset + hit.length;
    }
    end = start + shape.regionLength;
  }
  return gaps;
}
