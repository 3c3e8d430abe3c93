/**
 * Removes backups, and gives back the space that they alone took. Manifests go first: what is
 * interrupted leaves packs with chunks that nothing needs, which the next time go too.
 */
import { syncDirectory } from "../../block/sync_directory.ts";
import type { BackupFolder } from "./backup_folder.ts";
import type { Manifest } from "./manifest.ts";
import type { Pack } from "./packs.ts";

export interface PruneResult {
  readonly removed: readonly string[];
  readonly octetsFreed: number;
}

/** Keeps the manifests that `keeps` selects. The folder is to be opened anew afterwards. */
export async function pruneBackups(
  folder: BackupFolder,
  keeps: (manifest: Manifest) => boolean,
  now: Date,
): Promise<PruneResult> {
  const kept = folder.manifests.filter(keeps);
  const gone = folder.manifests.filter((each) => !kept.includes(each));
  await folder.removeManifests(gone);
  // A manifest that cannot be read may need any chunk: then nothing is given back.
  const octetsFreed = folder.flaws.length > 0 ? 0 : await sweep(folder, kept, now);
  return { removed: gone.map(({ id }) => id), octetsFreed };
}

async function sweep(
  folder: BackupFolder,
  kept: readonly Manifest[],
  now: Date,
): Promise<number> {
  const needed = new Set(kept.flatMap(({ chunks }) => chunks.filter((each) => each !== null)));
  const live = (pack: Pack) =>
    pack.hashes.filter((hash, slot) => {
      const place = folder.packs.find(hash);
      return needed.has(hash) && place?.pack === pack && place.slot === slot;
    });
  // A pack of which half is needed is left as it is: to copy it costs more than it gives.
  const wasteful = folder.packs.all.filter((pack) => live(pack).length * 2 < pack.hashes.length);
  const moved = wasteful.flatMap(live);
  if (moved.length > 0) await moveChunks(folder, moved, now);
  for (const { path } of wasteful) await Deno.remove(path);
  await syncDirectory(folder.path);
  const dropped = wasteful.reduce((sum, { hashes }) => sum + hashes.length, 0) - moved.length;
  return dropped * folder.chunkLength;
}

/** Copies chunks into a pack of their own, which is whole before the old ones go. */
async function moveChunks(
  folder: BackupFolder,
  hashes: readonly string[],
  now: Date,
): Promise<void> {
  const writer = await folder.writer();
  const buffer = new Uint8Array(folder.chunkLength);
  try {
    for (const hash of hashes) {
      if (writer.has(hash)) continue;
      await folder.packs.read(folder.packs.find(hash)!, buffer);
      await writer.add(hash, buffer);
    }
    await writer.finish(folder.packPath(`${folder.newId(now)}-moved`));
  } catch (error) {
    writer.close();
    throw error;
  }
}
