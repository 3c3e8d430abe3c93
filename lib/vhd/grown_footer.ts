import type { Footer } from "./footer.ts";
import { geometryOf, SECTOR_LENGTH } from "./geometry.ts";
import { CREATOR } from "./new_footer.ts";

/**
 * The same disk with its new size, wherever readers look for it: some take that of its creation,
 * and some compute it from the geometry unless they know who made the disk.
 */
export function grownFooter(footer: Footer, size: number): Footer {
  return {
    ...footer,
    ...CREATOR,
    originalSize: BigInt(size),
    currentSize: BigInt(size),
    geometry: geometryOf(size / SECTOR_LENGTH),
  };
}
