/** Reads every chunk that there is, and says what is not as it was stored. */
import { turn } from "../../block/slices.ts";
import { BackupError } from "./backup_error.ts";
import type { BackupFolder } from "./backup_folder.ts";
import type { Manifest } from "./manifest.ts";

export interface VerifyOptions {
  /** In octets. */
  readonly progress?: ((done: number, total: number) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

export interface BackupVerdict {
  readonly id: string;
  /** Chunks that are lost or damaged. */
  readonly badChunks: number;
}

export interface FolderVerdict {
  readonly backups: readonly BackupVerdict[];
  /** A sentence each. */
  readonly flaws: readonly string[];
  readonly octetsRead: number;
}

/** Each chunk is read once, however many of the backups need it, and also where none does. */
export async function verifyBackups(
  folder: BackupFolder,
  manifests: readonly Manifest[],
  { progress, signal }: VerifyOptions = {},
): Promise<FolderVerdict> {
  const { chunkLength, packs } = folder;
  const flaws = folder.flaws.map(({ message }) => message);
  const bad = new Set<string>();
  const buffer = new Uint8Array(chunkLength);
  const total = packs.all.reduce((sum, { hashes }) => sum + hashes.length, 0) * chunkLength;
  let done = 0;
  for (const pack of packs.all) {
    for (const [slot, hash] of pack.hashes.entries()) {
      signal?.throwIfAborted();
      try {
        await packs.read({ pack, slot }, buffer);
      } catch (error) {
        if (!(error instanceof BackupError)) throw error;
        flaws.push(error.message);
        const place = packs.find(hash);
        if (place?.pack === pack && place.slot === slot) bad.add(hash);
      }
      done += chunkLength;
      progress?.(done, total);
      await turn();
    }
  }
  const isBad = (hash: string) => bad.has(hash) || packs.find(hash) === undefined;
  const backups = manifests.map(({ id, chunks }) => ({
    id,
    badChunks: chunks.filter((hash) => hash !== null && isBad(hash)).length,
  }));
  return { backups, flaws, octetsRead: done };
}
