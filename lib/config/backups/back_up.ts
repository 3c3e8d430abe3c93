/** Makes a backup of a disk, removes those that no rule keeps any more, and tells of both. */
import type { Changed } from "../facts.ts";
import { findDisk } from "../operations/find.ts";
import { exactSize } from "../size.ts";
import type { BackupFacts, Followed, NewBackup, SnapshotControl } from "../snapshot_control.ts";
import type { StateKeeper } from "../state_keeper.ts";
import { backUpDisk } from "./backup_disk.ts";
import { checkBackup, pruneAfter } from "./prune_after.ts";

export interface BackupSurroundings {
  readonly keeper: StateKeeper;
  readonly snapshots: SnapshotControl;
  readonly now: () => Date;
}

export async function backUp(
  { keeper, snapshots, now }: BackupSurroundings,
  disk: string,
  asked: NewBackup,
  followed: Followed,
): Promise<Changed<BackupFacts>> {
  checkBackup(asked);
  const found = findDisk(await keeper.state(), disk);
  const ground = { snapshots, state: () => keeper.state() };
  const facts = await backUpDisk(ground, found, asked, followed);
  const { id, path, kind, stored } = facts;
  keeper.notes.note("backup-made", { backup: id, disk, path, kind, stored });
  const removed = await pruneAfter(path, asked, now());
  if (removed === undefined || removed.count === 0) return { facts, notices: [] };
  keeper.notes.note("backups-removed", { count: removed.count, disk, path });
  const freed = exactSize(removed.freed);
  return {
    facts,
    notices: [`${removed.count} backups that no rule keeps removed, ${freed} freed`],
  };
}
