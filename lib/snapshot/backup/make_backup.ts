/**
 * Backs a disk up: chunks that no earlier backup holds go into a new pack, and a manifest lists all
 * of them. The disk must not change meanwhile: it is a snapshot, or it is at rest.
 */
import type { BlockDevice } from "../../block/device.ts";
import { turn } from "../../block/slices.ts";
import { isZero } from "../../block/zeros.ts";
import type { BackupFolder } from "./backup_folder.ts";
import { chunkCount, hashOf } from "./chunk.ts";
import type { Manifest } from "./manifest.ts";
import type { PackWriter } from "./pack_writer.ts";

export interface BackupOptions {
  readonly disk: { readonly name: string; readonly uuid: string };
  readonly takenAt: Date;
  /** The UUID of the snapshot that is read. */
  readonly snapshot?: string | undefined;
  readonly description?: string | undefined;
  /** Stores every chunk anew, whatever earlier backups hold. */
  readonly full?: boolean | undefined;
  /**
   * True: the range is as it was when the latest backup was taken, and need not be read.
   */
  readonly isUnchanged?: ((offset: number, length: number) => boolean) | undefined;
  /** Told of octets that were read of the disk. */
  readonly onRead?: ((length: number) => void) | undefined;
  readonly progress?: ((done: number, total: number) => void) | undefined;
  /** What was stored by then is not stored again by the next backup. */
  readonly signal?: AbortSignal | undefined;
}

export async function makeBackup(
  source: BlockDevice,
  folder: BackupFolder,
  options: BackupOptions,
): Promise<Manifest> {
  const writer = await folder.writer();
  try {
    const run = new Run(source, folder, writer, options);
    const chunks = await run.chunks();
    const id = folder.newId(options.takenAt);
    if (writer.count > 0) await writer.finish(folder.packPath(id));
    else await writer.discard();
    const manifest: Manifest = {
      format: "sanctl backup",
      version: 1,
      id,
      disk: { name: options.disk.name, uuid: options.disk.uuid },
      takenAt: options.takenAt.toISOString(),
      ...(options.snapshot === undefined ? {} : { snapshot: options.snapshot }),
      description: options.description ?? "",
      size: source.size,
      chunkLength: folder.chunkLength,
      kind: run.reuses ? "incremental" : "full",
      stored: { chunks: writer.count, octets: writer.count * folder.chunkLength },
      chunks,
    };
    await folder.addManifest(manifest);
    return manifest;
  } catch (error) {
    writer.close();
    throw error;
  }
}

/** One backup being made. */
class Run {
  /** Earlier backups hold some of what this one needs. */
  reuses = false;
  readonly #source: BlockDevice;
  readonly #folder: BackupFolder;
  readonly #writer: PackWriter;
  readonly #options: BackupOptions;
  readonly #last: Manifest | undefined;

  constructor(
    source: BlockDevice,
    folder: BackupFolder,
    writer: PackWriter,
    options: BackupOptions,
  ) {
    this.#source = source;
    this.#folder = folder;
    this.#writer = writer;
    this.#options = options;
    this.#last = options.full ? undefined : folder.manifests.at(-1);
  }

  /** The hashes of all chunks, each stored by then. */
  async chunks(): Promise<(string | null)[]> {
    const { signal, progress } = this.#options;
    const { size } = this.#source;
    const { chunkLength } = this.#folder;
    const chunks: (string | null)[] = [];
    const buffer = new Uint8Array(chunkLength);
    for (let index = 0; index < chunkCount(size, chunkLength); index++) {
      signal?.throwIfAborted();
      chunks.push(await this.#chunk(index, buffer));
      progress?.(Math.min((index + 1) * chunkLength, size), size);
      await turn();
    }
    return chunks;
  }

  async #chunk(index: number, buffer: Uint8Array): Promise<string | null> {
    const offset = index * buffer.length;
    const length = Math.min(buffer.length, this.#source.size - offset);
    const before = this.#unchanged(index, offset, length);
    if (before !== undefined) {
      this.reuses = true;
      return before;
    }
    const [run] = await this.#source.extents(offset, length, 1);
    if (run?.mapped === false && run.length >= length) return null;
    await this.#source.read(offset, buffer, 0, length);
    this.#options.onRead?.(length);
    buffer.fill(0, length);
    if (isZero(buffer)) return null;
    const hash = hashOf(buffer);
    if (this.#isStored(hash)) this.reuses = true;
    else if (!this.#writer.has(hash)) await this.#writer.add(hash, buffer);
    return hash;
  }

  /** What the latest backup has there, where that is known to be so still. */
  #unchanged(index: number, offset: number, length: number): string | null | undefined {
    const last = this.#last;
    // What a disk has got since was zeros, with which its last chunk was filled up.
    if (last === undefined || index >= last.chunks.length) return undefined;
    if (last.size > this.#source.size) return undefined;
    if (!this.#options.isUnchanged?.(offset, length)) return undefined;
    const hash = last.chunks[index]!;
    return hash === null || this.#isStored(hash) ? hash : undefined;
  }

  #isStored(hash: string): boolean {
    return !this.#options.full && this.#folder.packs.find(hash) !== undefined;
  }
}
