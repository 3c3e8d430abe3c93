/** The whole packs of a folder: which chunk is where, and what it says. */
import { FileDevice } from "../../block/file.ts";
import { BackupError } from "./backup_error.ts";
import { HASH_LENGTH, hashOf } from "./chunk.ts";
import {
  chunksOfPack,
  PACK_HEADER_LENGTH,
  packHeaderFlaw,
  type PackIdentity,
  parseHashes,
} from "./pack_layout.ts";

export interface Place {
  readonly pack: Pack;
  /** Counted in chunks from the pack's beginning. */
  readonly slot: number;
}

export interface Pack {
  readonly path: string;
  readonly hashes: readonly string[];
}

/** Packs that are open at a time. */
const MOST_OPEN = 32;

export class Packs {
  readonly all: readonly Pack[];
  readonly #chunkLength: number;
  readonly #places = new Map<string, Place>();
  /** The one used last is at the end. */
  readonly #open = new Map<string, Promise<FileDevice>>();

  private constructor(packs: readonly Pack[], chunkLength: number) {
    this.all = packs;
    this.#chunkLength = chunkLength;
    for (const pack of packs) {
      for (const [slot, hash] of pack.hashes.entries()) this.#places.set(hash, { pack, slot });
    }
  }

  /** Reads the lists of the packs at these paths; `onDamaged` is told of those that have none. */
  static async load(
    paths: readonly string[],
    identity: PackIdentity,
    onDamaged: (error: BackupError) => void,
  ): Promise<Packs> {
    const packs: Pack[] = [];
    for (const path of paths) {
      try {
        packs.push({ path, hashes: await readHashes(path, identity) });
      } catch (error) {
        if (!(error instanceof BackupError)) throw error;
        onDamaged(error);
      }
    }
    return new Packs(packs, identity.chunkLength);
  }

  find(hash: string): Place | undefined {
    return this.#places.get(hash);
  }

  /** Reads a chunk; fails with a BackupError where it is not what its hash says. */
  async read(place: Place, into: Uint8Array): Promise<void> {
    const { path, hashes } = place.pack;
    const device = await this.#device(path);
    await device.read(place.slot * this.#chunkLength, into, 0, this.#chunkLength);
    if (hashOf(into) === hashes[place.slot]) return;
    throw damaged(path, `chunk ${place.slot} is not what was stored`);
  }

  async close(): Promise<void> {
    const open = [...this.#open.values()];
    this.#open.clear();
    await Promise.all(open.map(async (device) => (await device).close()));
  }

  async #device(path: string): Promise<FileDevice> {
    let device = this.#open.get(path);
    this.#open.delete(path);
    device ??= FileDevice.open(path, { readOnly: true, offset: PACK_HEADER_LENGTH });
    this.#open.set(path, device);
    if (this.#open.size > MOST_OPEN) await this.#closeOldest();
    return await device;
  }

  async #closeOldest(): Promise<void> {
    const [oldest] = this.#open;
    this.#open.delete(oldest![0]);
    await (await oldest![1]).close();
  }
}

async function readHashes(path: string, identity: PackIdentity): Promise<string[]> {
  using file = await Deno.open(path);
  const { size } = await file.stat();
  const count = chunksOfPack(size, identity.chunkLength);
  if (count === undefined) throw damaged(path, "it is cut short");
  const flaw = packHeaderFlaw(await readAt(file, 0, PACK_HEADER_LENGTH), identity);
  if (flaw !== undefined) throw damaged(path, flaw);
  const length = (count + 1) * HASH_LENGTH;
  const hashes = parseHashes(await readAt(file, size - length, length));
  if (hashes === undefined) throw damaged(path, "its list of chunks is not what was written");
  return hashes;
}

async function readAt(file: Deno.FsFile, position: number, length: number): Promise<Uint8Array> {
  const octets = new Uint8Array(length);
  await file.seek(position, Deno.SeekMode.Start);
  for (let at = 0; at < length;) {
    const count = await file.read(octets.subarray(at));
    if (count === null) throw new BackupError("damaged", "a pack became shorter while it was read");
    at += count;
  }
  return octets;
}

function damaged(path: string, why: string): BackupError {
  return new BackupError(
    "damaged",
    `the pack ${path} is damaged: ${why}`,
    "sanctl backup verify tells which backups need it",
  );
}
