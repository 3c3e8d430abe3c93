/** Reads whatever backups need, and says what is not as it was stored. */
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

/** Each chunk is read once, however many of the backups need it. */
export async function verifyBackups(
  folder: BackupFolder,
  manifests: readonly Manifest[],
  { progress, signal }: VerifyOptions = {},
): Promise<FolderVerdict> {
  const { chunkLength, packs } = folder;
  const needed = new Set(manifests.flatMap(({ chunks }) => chunks.filter((each) => each !== null)));
  const bad = new Set<string>();
  const flaws = folder.flaws.map(({ message }) => message);
  const buffer = new Uint8Array(chunkLength);
  let done = 0, octetsRead = 0;
  for (const hash of needed) {
    signal?.throwIfAborted();
    const place = packs.find(hash);
    if (place === undefined) bad.add(hash);
    else {
      try {
        await packs.read(place, buffer);
        octetsRead += chunkLength;
      } catch (error) {
        if (!(error instanceof BackupError)) throw error;
        bad.add(hash);
        flaws.push(error.message);
      }
    }
    progress?.(++done * chunkLength, needed.size * chunkLength);
    await turn();
  }
  const backups = manifests.map(({ id, chunks }) => ({
    id,
    badChunks: chunks.filter((hash) => hash !== null && bad.has(hash)).length,
  }));
  return { backups, flaws, octetsRead };
}
