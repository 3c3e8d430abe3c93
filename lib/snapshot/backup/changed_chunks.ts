/**
 * Which chunks of a disk may hold something else than its snapshot did: those of which a file that
 * lies above the snapshot's holds a sector. Only tables and bitmaps are read for it.
 */
import { type FileStore, osFiles } from "../../block/file_store.ts";
import { turn } from "../../block/slices.ts";
import type { DynamicLayer } from "../../vhd/dynamic_layer.ts";
import { DiskType } from "../../vhd/footer.ts";
import { FormatError } from "../../vhd/format_error.ts";
import { SECTOR_LENGTH } from "../../vhd/geometry.ts";
import { findVhd, openDynamicLayer, openReadOnly } from "../../vhd/open_layers.ts";
import { surroundings } from "../../vhd/surroundings.ts";

export class ChangedChunks {
  readonly #chunkLength: number;
  /** An octet a chunk. */
  readonly #changed: Uint8Array;

  constructor(chunkLength: number, chunkCount: number) {
    this.#chunkLength = chunkLength;
    this.#changed = new Uint8Array(chunkCount);
  }

  /** Reads what the files hold; none of them may change meanwhile. */
  static async inFiles(
    paths: readonly string[],
    chunkLength: number,
    size: number,
    files: FileStore = osFiles,
  ): Promise<ChangedChunks> {
    const chunks = new ChangedChunks(chunkLength, Math.ceil(size / chunkLength));
    for (const path of paths) await chunks.#addFile(path, files);
    return chunks;
  }

  has(chunk: number): boolean {
    return this.#changed[chunk] !== 0;
  }

  async #addFile(path: string, files: FileStore): Promise<void> {
    const file = await openReadOnly(path, surroundings({ files }));
    try {
      const vhd = findVhd(file);
      if (vhd.found.footer.diskType !== DiskType.DIFFERENCING) {
        throw new FormatError("it has no parent", { path, at: vhd.found.at });
      }
      await this.#addLayer(await openDynamicLayer(vhd, surroundings({ files })));
    } finally {
      file.close();
    }
  }

  async #addLayer(layer: DynamicLayer): Promise<void> {
    const { shape, size } = layer;
    const bitmap = new Uint8Array(shape.bitmapLength);
    for (let block = 0; block < shape.blockCount(size); block++) {
      if (!layer.has(block)) continue;
      await layer.medium.read(layer.bitmapPosition(block), bitmap, 0, bitmap.length);
      const start = block * shape.blockLength;
      this.#addBlock(start, Math.min(start + shape.blockLength, size), bitmap);
      await turn();
    }
  }

  /** The chunks of a block from `start` to `end` of which the bitmap has a sector. */
  #addBlock(start: number, end: number, bitmap: Uint8Array): void {
    for (let at = start; at < end;) {
      const chunk = Math.floor(at / this.#chunkLength);
      const stop = Math.min((chunk + 1) * this.#chunkLength, end);
      const first = (at - start) / SECTOR_LENGTH;
      if (!this.has(chunk) && holdsAny(bitmap, first, (stop - start) / SECTOR_LENGTH)) {
        this.#changed[chunk] = 1;
      }
      at = stop;
    }
  }
}

/** Whether one of these sectors is held; high bits come first. */
function holdsAny(bitmap: Uint8Array, first: number, end: number): boolean {
  for (let sector = first; sector < end; sector++) {
    if ((bitmap[sector >> 3]! & (0x80 >> (sector & 7))) !== 0) return true;
  }
  return false;
}
