/** A backup as a disk that can be read: so it is restored, compared and attached like any other. */
import {
  type BlockDevice,
  type Capabilities,
  DeviceError,
  type Extent,
} from "../../block/device.ts";
import { requireRange, requireRoom } from "../../block/range.ts";
import { BackupError } from "./backup_error.ts";
import type { BackupFolder } from "./backup_folder.ts";
import type { Manifest } from "./manifest.ts";

export class BackupDevice implements BlockDevice {
  readonly size: number;
  readonly can: Capabilities = { write: false, unmap: false };
  readonly #folder: BackupFolder;
  readonly #manifest: Manifest;
  /** The chunk that was read last, checked against its hash. */
  #chunk: { readonly index: number; readonly octets: Uint8Array } | undefined;

  /** `folder` stays the caller's. */
  constructor(folder: BackupFolder, manifest: Manifest) {
    this.#folder = folder;
    this.#manifest = manifest;
    this.size = manifest.size;
  }

  readNow(): boolean {
    return false;
  }

  writeNow(): boolean {
    throw readOnly();
  }

  async read(offset: number, into: Uint8Array, at: number, length: number): Promise<void> {
    requireRange(this.size, offset, length);
    requireRoom(into, at, length);
    const { chunkLength } = this.#manifest;
    for (let done = 0; done < length;) {
      const position = offset + done;
      const within = position % chunkLength;
      const piece = Math.min(length - done, chunkLength - within);
      const chunk = await this.#read(Math.floor(position / chunkLength));
      if (chunk === undefined) into.fill(0, at + done, at + done + piece);
      else into.set(chunk.subarray(within, within + piece), at + done);
      done += piece;
    }
  }

  write(): Promise<void> {
    return Promise.reject(readOnly());
  }

  flush(): Promise<void> {
    return Promise.resolve();
  }

  unmap(): Promise<void> {
    return Promise.reject(readOnly());
  }

  // deno-lint-ignore require-await -- so that a failure is a rejection
  async extents(offset: number, length: number, limit: number): Promise<Extent[]> {
    requireRange(this.size, offset, length);
    const { chunkLength, chunks } = this.#manifest;
    const end = offset + length;
    const runs: Extent[] = [];
    for (let at = offset; at < end;) {
      const index = Math.floor(at / chunkLength);
      const stop = Math.min((index + 1) * chunkLength, end);
      const mapped = chunks[index] !== null;
      const last = runs.at(-1);
      if (last?.mapped === mapped) {
        runs[runs.length - 1] = { ...last, length: stop - last.offset };
      } else {
        if (runs.length >= limit) break;
        runs.push({ offset: at, length: stop - at, mapped });
      }
      at = stop;
    }
    return runs;
  }

  close(): Promise<void> {
    this.#chunk = undefined;
    return Promise.resolve();
  }

  /** A chunk; undefined for zeros. */
  async #read(index: number): Promise<Uint8Array | undefined> {
    const hash = this.#manifest.chunks[index]!;
    if (hash === null) return undefined;
    const last = this.#chunk;
    if (last?.index === index) return last.octets;
    const place = this.#folder.packs.find(hash);
    if (place === undefined) throw this.#lost(index, "no pack holds it");
    const octets = new Uint8Array(this.#manifest.chunkLength);
    try {
      await this.#folder.packs.read(place, octets);
    } catch (cause) {
      if (!(cause instanceof BackupError)) throw cause;
      throw this.#lost(index, cause.message, cause);
    }
    this.#chunk = { index, octets };
    return octets;
  }

  #lost(index: number, why: string, cause?: unknown): DeviceError {
    const { id, chunkLength } = this.#manifest;
    return new DeviceError(
      "medium",
      `backup ${id} has lost the octets from ${index * chunkLength} on: ${why}`,
      { cause },
    );
  }
}

function readOnly(): DeviceError {
  return new DeviceError("read-only", "a backup cannot be written");
}
