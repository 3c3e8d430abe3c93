/** Backs a disk up while it is used: from a snapshot taken for it and deleted afterwards. */
import { BackupFolder } from "../../snapshot/backup/backup_folder.ts";
import { makeBackup } from "../../snapshot/backup/make_backup.ts";
import type { Manifest } from "../../snapshot/backup/manifest.ts";
import { openVhd } from "../../vhd/open.ts";
import { checkPath } from "../operations/declare_disk.ts";
import type { DeclaredDisk } from "../schema.ts";
import type {
  BackupFacts,
  Followed,
  NewBackup,
  SnapshotControl,
  SnapshotFacts,
} from "../snapshot_control.ts";
import { backupFailure } from "./backup_failure.ts";

export async function backUpDisk(
  snapshots: SnapshotControl,
  { name, uuid }: DeclaredDisk,
  asked: NewBackup,
  followed: Followed,
): Promise<BackupFacts> {
  checkPath(asked.directory);
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
