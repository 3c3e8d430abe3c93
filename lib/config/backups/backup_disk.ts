/** Backs a disk up while it is used: from a snapshot taken for it and deleted afterwards. */
import { BackupFolder } from "../../snapshot/backup/backup_folder.ts";
import { makeBackup } from "../../snapshot/backup/make_backup.ts";
import type { Manifest } from "../../snapshot/backup/manifest.ts";
import { openVhd } from "../../vhd/open.ts";
import { checkPath } from "../operations/declare_disk.ts";
import type { DeclaredDisk } from "../schema.ts";
import type { Keep } from "../schedule_control.ts";
import type {
  BackupFacts,
  Followed,
  NewBackup,
  SnapshotControl,
  SnapshotFacts,
} from "../snapshot_control.ts";
import { checkKeep, checkTimeZone } from "../schedules/check_schedule.ts";
import { backupFailure } from "./backup_failure.ts";
import { goingBy, pruneFolder } from "./prune_folder.ts";

export async function backUpDisk(
  snapshots: SnapshotControl,
  { name, uuid }: DeclaredDisk,
  asked: NewBackup,
  followed: Followed,
): Promise<BackupFacts> {
  const path = `${asked.directory}/${name}`;
  const description = `for the backup in ${path}`;
  const { facts: [snapshot] } = await snapshots.create({ disks: [name], description });
  try {
    const disk = { name, uuid, size: snapshot!.size };
    return await storeSnapshot(snapshot!, path, disk, { ...asked, ...followed });
  } catch (error) {
    throw followed.signal?.aborted ? followed.signal.reason : backupFailure(path, error);
  } finally {
    await snapshots.delete(snapshot!.name);
  }
}

/** Refuses what is asked for wrongly, before anything is done. */
export function checkBackup({ directory, keep, timeZone }: NewBackup): void {
  checkPath(directory);
  if (isRule(keep)) checkKeep(keep);
  checkTimeZone(timeZone);
}

/** Removes what no rule keeps any more, now that there is one more. */
export async function pruneAfter(
  path: string,
  { keep, timeZone }: NewBackup,
  now: Date,
): Promise<{ readonly count: number; readonly freed: number } | undefined> {
  if (!isRule(keep)) return undefined;
  try {
    const folder = await BackupFolder.open(path, { exclusive: true });
    if (folder === undefined) return undefined;
    try {
      const rules = { keep, timeZone };
      const count = goingBy(folder, rules).length;
      return { count, freed: count === 0 ? 0 : await pruneFolder(folder, rules, now) };
    } finally {
      await folder.close();
    }
  } catch (error) {
    throw backupFailure(path, error);
  }
}

function isRule(keep: NewBackup["keep"]): keep is Keep {
  return keep !== undefined && Object.values(keep).some((count) => count !== undefined);
}

async function storeSnapshot(
  { path: source, takenAt }: SnapshotFacts,
  path: string,
  disk: { readonly name: string; readonly uuid: string; readonly size: number },
  { full, description, onProgress, signal }: NewBackup & Followed,
): Promise<BackupFacts> {
  const folder = await BackupFolder.forDisk(path, disk);
  try {
    const { device } = await openVhd(source, { readOnly: true, force: true });
    try {
      const manifest = await makeBackup(device, folder, {
        disk,
        takenAt: new Date(takenAt),
        full,
        description,
        signal,
        progress: (done, total) => onProgress?.({ done, total }),
      });
      return factsOfBackup(path, manifest);
    } finally {
      await device.close();
    }
  } finally {
    await folder.close();
  }
}

export function factsOfBackup(path: string, manifest: Manifest): BackupFacts {
  const { id, disk, takenAt, description, size, kind, stored } = manifest;
  return { id, disk: disk.name, takenAt, description, size, kind, stored: stored.octets, path };
}
