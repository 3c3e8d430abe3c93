/** A fixed VHD under a chain: it holds all of its disk. */
import type { FileMedium } from "../block/file_medium.ts";
import type { Footer } from "./footer.ts";
import { SECTOR_LENGTH } from "./geometry.ts";
import type { Layer, Presence } from "./layer.ts";

export class FixedLayer implements Layer {
  readonly size: number;

  /** The footer's size has been validated. */
  constructor(readonly medium: FileMedium, readonly footer: Footer) {
    this.size = Number(footer.currentSize);
  }

  presence(offset: number, length: number): Presence[] {
    const end = Math.min(offset + length, this.size);
    if (end <= offset) return [];
    const firstSector = offset / SECTOR_LENGTH;
    return [{ firstSector, sectorCount: end / SECTOR_LENGTH - firstSector, bitmap: undefined }];
  }

  readNow(offset: number, into: Uint8Array, at: number, length: number): boolean {
    return this.medium.readNow(offset, into, at, length);
  }

  read(offset: number, into: Uint8Array, at: number, length: number): Promise<void> {
    return this.medium.read(offset, into, at, length);
  }

  fileRun(offset: number): { mapped: boolean; length: number } {
    const { mapped, end } = this.medium.file.run(offset);
    return { mapped, length: end - offset };
  }
}
