/** The backups below a directory: listed, verified, restored. No service is needed for it. */
import { BackupDevice } from "../../snapshot/backup/backup_device.ts";
import {
  BackupFolder,
  backupFoldersIn,
  type FoundFolder,
} from "../../snapshot/backup/backup_folder.ts";
import type { Manifest } from "../../snapshot/backup/manifest.ts";
import { verifyBackups } from "../../snapshot/backup/verify_backups.ts";
import { ControlError } from "../control_error.ts";
import type { Keep } from "../schedule_control.ts";
import { checkKeep, checkTimeZone } from "../schedules/check_schedule.ts";
import type {
  BackupFacts,
  BackupVerdictFacts,
  Followed,
  PrunedBackupsFacts,
} from "../snapshot_control.ts";
import { writeVhd } from "../snapshots/write_vhd.ts";
import { factsOfBackup } from "./backup_disk.ts";
import { backupFailure } from "./backup_failure.ts";
import { goingBy, pruneFolder } from "./prune_folder.ts";

/** Oldest first, disk by disk; of one disk where it is named. */
export async function listBackups(directory: string, disk?: string): Promise<BackupFacts[]> {
  const lists = await eachFolder(
    directory,
    disk,
    (folder) => Promise.resolve(folder.manifests.map((each) => factsOfBackup(folder.path, each))),
  );
  return lists.flat();
}

/** Reads all that the backups need. */
export async function verifyKept(
  directory: string,
  disk: string | undefined,
  { onProgress, signal }: Followed,
): Promise<BackupVerdictFacts[]> {
  return await eachFolder(directory, disk, async (folder) => {
    const progress = (done: number, total: number) => onProgress?.({ done, total });
    const verdict = await verifyBackups(folder, folder.manifests, { progress, signal });
    return {
      disk: folder.name,
      path: folder.path,
      backups: verdict.backups,
      flaws: verdict.flaws,
      octetsRead: verdict.octetsRead,
    };
  });
}

export interface RestoreOptions extends Followed {
  readonly disk?: string | undefined;
  /** The latest without. */
  readonly backup?: string | undefined;
}

/** Makes a VHD of a backup, under its name whole or not at all. */
export async function restoreBackup(
  directory: string,
  path: string,
  { disk, backup, ...followed }: RestoreOptions,
): Promise<BackupFacts> {
  return await withBackup(directory, { disk, backup }, async (folder, manifest) => {
    await writeVhd(new BackupDevice(folder, manifest), path, followed);
    return factsOfBackup(folder.path, manifest);
  });
}

/** Gives `use` one backup, of a disk that must be named where there are several. */
export async function withBackup<T>(
  directory: string,
  { disk, backup }: Pick<RestoreOptions, "disk" | "backup">,
  use: (folder: BackupFolder, manifest: Manifest) => Promise<T>,
): Promise<T> {
  const folders = await foldersOf(directory, disk);
  if (folders.length > 1) {
    const next = "say which with --disk; sanctl backup list shows them";
    throw new ControlError("usage", `${directory} holds backups of several disks`, next);
  }
  const [result] = await eachFolder(
    directory,
    disk,
    (folder) => use(folder, folder.find(backup)),
  );
  return result!;
}

export interface PruneBackupsOptions {
  readonly disk?: string | undefined;
  readonly keep: Keep;
  readonly timeZone?: string | undefined;
  readonly dryRun?: boolean | undefined;
}

/** Removes the backups of each disk that no rule keeps. */
export async function pruneKept(
  directory: string,
  { disk, keep, timeZone, dryRun = false }: PruneBackupsOptions,
): Promise<PrunedBackupsFacts[]> {
  checkKeep(keep);
  checkTimeZone(timeZone);
  return await eachFolder(directory, disk, async (folder) => {
    const rules = { keep, timeZone };
    const removed = goingBy(folder, rules).map(({ id }) => id);
    const { name, path } = folder;
    if (dryRun || removed.length === 0) return { disk: name, path, removed, freed: 0 };
    return { disk: name, path, removed, freed: await pruneFolder(folder, rules, new Date()) };
  }, { exclusive: !dryRun });
}

async function eachFolder<T>(
  directory: string,
  disk: string | undefined,
  action: (folder: BackupFolder) => Promise<T>,
  options: { readonly exclusive?: boolean } = {},
): Promise<T[]> {
  const results: T[] = [];
  for (const path of await foldersOf(directory, disk)) {
    try {
      const folder = await BackupFolder.open(path, options);
      if (folder === undefined) continue;
      try {
        results.push(await action(folder));
      } finally {
        await folder.close();
      }
    } catch (error) {
      throw backupFailure(path, error);
    }
  }
  return results;
}

async function foldersOf(directory: string, disk: string | undefined): Promise<string[]> {
  let folders: FoundFolder[];
  try {
    folders = await backupFoldersIn(directory);
  } catch (error) {
    throw backupFailure(directory, error);
  }
  // A disk that was renamed goes by what it is called now, and by its folder's name.
  const named = folders.filter(({ name }) => disk === undefined || name === disk);
  const chosen = named.length > 0 ? named : folders.filter(({ path }) => path.endsWith(`/${disk}`));
  if (chosen.length > 0) return chosen.map(({ path }) => path);
  const what = `${directory} holds no backups${disk === undefined ? "" : ` of disk ${disk}`}`;
  throw new ControlError("not-found", what, "sanctl backup create DISK DIR makes one");
}
