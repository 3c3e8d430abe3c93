/**
 * Writes a pack. One that was interrupted is taken up again: the chunks in it are known by their
 * octets.
 */
import { syncDirectory } from "../../block/sync_directory.ts";
import { directoryOf } from "../../runtime/path.ts";
import { hashOf } from "./chunk.ts";
import {
  emitHashes,
  emitPackHeader,
  PACK_HEADER_LENGTH,
  packHeaderFlaw,
  type PackIdentity,
} from "./pack_layout.ts";

export class PackWriter {
  readonly #path: string;
  readonly #file: Deno.FsFile;
  readonly #hashes: string[] = [];
  readonly #known = new Set<string>();

  private constructor(path: string, file: Deno.FsFile) {
    this.#path = path;
    this.#file = file;
  }

  /** Begins the pack that is written at `path`, or goes on with the one that is there. */
  static async open(path: string, identity: PackIdentity): Promise<PackWriter> {
    const file = await Deno.open(path, { read: true, write: true, create: true, mode: 0o600 });
    const writer = new PackWriter(path, file);
    try {
      await writer.#takeUp(identity);
      return writer;
    } catch (error) {
      writer.close();
      throw error;
    }
  }

  /** Chunks in it. */
  get count(): number {
    return this.#hashes.length;
  }

  has(hash: string): boolean {
    return this.#known.has(hash);
  }

  async add(hash: string, chunk: Uint8Array): Promise<void> {
    await this.#write(chunk);
    this.#note(hash);
  }

  /** Makes the pack whole and durable under its name. */
  async finish(path: string): Promise<void> {
    await this.#write(emitHashes(this.#hashes));
    await this.#file.sync();
    this.close();
    await Deno.rename(this.#path, path);
    await syncDirectory(directoryOf(path));
  }

  /** Lets go of it; what was written stays, to be taken up again. */
  close(): void {
    this.#file.close();
  }

  /** Removes it. */
  async discard(): Promise<void> {
    this.close();
    await Deno.remove(this.#path);
  }

  async #takeUp(identity: PackIdentity): Promise<void> {
    const header = await this.#read(PACK_HEADER_LENGTH);
    const { chunkLength } = identity;
    let end = 0;
    if (header !== undefined && packHeaderFlaw(header, identity) === undefined) {
      end = PACK_HEADER_LENGTH;
      for (let chunk = await this.#read(chunkLength); chunk !== undefined;) {
        this.#note(hashOf(chunk));
        end += chunkLength;
        chunk = await this.#read(chunkLength);
      }
    }
    await this.#file.truncate(end);
    await this.#file.seek(end, Deno.SeekMode.Start);
    if (end === 0) await this.#write(emitPackHeader(identity));
  }

  #note(hash: string): void {
    this.#hashes.push(hash);
    this.#known.add(hash);
  }

  /** The next `length` octets; undefined where the file ends before. */
  async #read(length: number): Promise<Uint8Array | undefined> {
    const octets = new Uint8Array(length);
    for (let at = 0; at < length;) {
      const count = await this.#file.read(octets.subarray(at));
      if (count === null) return undefined;
      at += count;
    }
    return octets;
  }

  async #write(octets: Uint8Array): Promise<void> {
    for (let at = 0; at < octets.length;) at += await this.#file.write(octets.subarray(at));
  }
}
