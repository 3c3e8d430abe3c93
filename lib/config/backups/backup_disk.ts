/**
 * Backs a disk up while it is used: from a snapshot taken for it, which stays until the next backup
 * has been made, so that this one knows what changed since and reads no more than that.
 */
import { BackupFolder, folderOf } from "../../snapshot/backup/backup_folder.ts";
import { ChangedChunks } from "../../snapshot/backup/changed_chunks.ts";
import { makeBackup } from "../../snapshot/backup/make_backup.ts";
import type { Manifest } from "../../snapshot/backup/manifest.ts";
import { openVhd } from "../../vhd/open.ts";
import { ControlError } from "../control_error.ts";
import { findDisk } from "../operations/find.ts";
import type { DeclaredDisk, DeclaredSnapshot, DeclaredState } from "../schema.ts";
import type { BackupFacts, Followed, NewBackup, SnapshotControl } from "../snapshot_control.ts";
import { chainOf } from "../snapshots/find_snapshot.ts";
import { requireSnapshots } from "../snapshots/no_snapshots.ts";
import { backupFailure } from "./backup_failure.ts";
import { filesBetween } from "./files_between.ts";
import { requireDirectory } from "./require_directory.ts";

/** Who is worked for: the state as it is now, and what is done with snapshots. */
export interface BackupGround {
  readonly snapshots: SnapshotControl;
  state(): Promise<DeclaredState>;
}

export async function backUpDisk(
  ground: BackupGround,
  { name, uuid }: DeclaredDisk,
  asked: NewBackup,
  followed: Followed,
): Promise<BackupFacts> {
  let path = `${asked.directory}/${name}`;
  const disk = findDisk(await ground.state(), name);
  requireSnapshots(disk);
  try {
    if (asked.inPlace) await requireDirectory(asked.directory);
    path = await folderOf(asked.directory, { name, uuid, size: disk.size });
    const folder = await BackupFolder.forDisk(path, { name, uuid, size: disk.size });
    try {
      return await storeInto(folder, ground, name, { ...asked, ...followed });
    } finally {
      await folder.close();
    }
  } catch (error) {
    throw followed.signal?.aborted ? followed.signal.reason : backupFailure(path, error);
  }
}

async function storeInto(
  folder: BackupFolder,
  ground: BackupGround,
  name: string,
  asked: NewBackup & Followed,
): Promise<BackupFacts> {
  const { snapshots } = ground;
  const { facts: [taken] } = await snapshots.create({
    disks: [name],
    description: `for the next backup in ${folder.path}`,
    backup: folder.path,
  });
  const disk = findDisk(await ground.state(), name);
  const snapshot = chainOf(disk).snapshots.find(({ uuid }) => uuid === taken!.uuid)!;
  let made = false;
  try {
    const facts = await store(folder, disk, snapshot, asked);
    made = true;
    return facts;
  } finally {
    // Those of before are needed no more, or the one that nothing was made of is of no use.
    const kept = made && !asked.noBase ? snapshot.uuid : undefined;
    const gone = chainOf(disk).snapshots.filter(({ uuid, backup, deleting }) =>
      backup === folder.path && !deleting && uuid !== kept && (made || uuid === snapshot.uuid)
    );
    for (const each of gone) await deleteUnlessNeeded(snapshots, each.name);
  }
}

async function store(
  folder: BackupFolder,
  disk: DeclaredDisk,
  snapshot: DeclaredSnapshot,
  { full, description, onProgress, signal }: NewBackup & Followed,
): Promise<BackupFacts> {
  const changed = full ? undefined : await changesSince(folder, disk, snapshot);
  const { device } = await openVhd(snapshot.path, { readOnly: true, force: true });
  let read = 0;
  try {
    const manifest = await makeBackup(device, folder, {
      disk,
      takenAt: new Date(snapshot.takenAt),
      snapshot: snapshot.uuid,
      full,
      description,
      signal,
      isUnchanged: changed && ((offset) => !changed.has(offset / folder.chunkLength)),
      onRead: (length) => read += length,
      progress: (done, total) => onProgress?.({ done, total }),
    });
    return { ...factsOfBackup(folder.path, manifest), read };
  } finally {
    await device.close();
  }
}

/** What changed since the latest backup; undefined where that cannot be told. */
async function changesSince(
  folder: BackupFolder,
  disk: DeclaredDisk,
  snapshot: DeclaredSnapshot,
): Promise<ChangedChunks | undefined> {
  const last = folder.manifests.at(-1);
  const base = chainOf(disk).snapshots.find(({ uuid, deleting }) =>
    uuid === last?.snapshot && !deleting
  );
  const files = base && filesBetween(disk, base, snapshot);
  if (files === undefined) return undefined;
  return await ChangedChunks.inFiles(files, folder.chunkLength, snapshot.size);
}

/** One that is attached, or that a clone was made of, is the operator's by now. */
async function deleteUnlessNeeded(snapshots: SnapshotControl, name: string): Promise<void> {
  try {
    await snapshots.delete(name);
  } catch (error) {
    if (!(error instanceof ControlError) || error.kind !== "in-use") throw error;
  }
}

export function factsOfBackup(path: string, manifest: Manifest): BackupFacts {
  const { id, disk, takenAt, description, size, kind, stored } = manifest;
  const told = { id, disk: disk.name, takenAt, description, size, kind };
  return { ...told, stored: stored.octets, read: null, path };
}
