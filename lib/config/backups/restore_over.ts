/**
 * Makes a disk what it was when it was backed up. The backup is written into a file of its own
 * while the disk goes on; then that file takes the place of the disk's.
 */
import { syncDirectory } from "../../block/sync_directory.ts";
import { directoryOf } from "../../runtime/path.ts";
import { BackupDevice } from "../../snapshot/backup/backup_device.ts";
import { ControlError } from "../control_error.ts";
import { findDisk } from "../operations/find.ts";
import type { Outcome } from "../operations/outcome.ts";
import type { DeclaredDisk } from "../schema.ts";
import { exactSize } from "../size.ts";
import type { Followed, RestoreOverOptions } from "../snapshot_control.ts";
import { chainFilesOf } from "../snapshots/chain_files.ts";
import { requireSnapshots } from "../snapshots/no_snapshots.ts";
import { putBack, requireUnused } from "../snapshots/put_back.ts";
import { writeVhd } from "../snapshots/write_vhd.ts";
import type { StateKeeper } from "../state_keeper.ts";
import { withBackup } from "./kept_backups.ts";
import { holdRestore, removeLeftRestores, restorePath } from "./left_restores.ts";

export interface RestoreSurroundings {
  readonly keeper: StateKeeper;
  readonly now: () => Date;
  /** Runs what changes the files of disks while nobody else does. */
  turn<T>(action: () => Promise<T>): Promise<T>;
}

/** Answers what came of it, and which backup it was. */
export async function restoreOver(
  { keeper, now, turn }: RestoreSurroundings,
  name: string,
  { directory, of, backup, ...options }: RestoreOverOptions,
  followed: Followed,
): Promise<Outcome> {
  const disk = findDisk(await keeper.state(), name);
  requireSnapshots(disk);
  requireUnused(disk, options.force ?? false, keeper.observation);
  const directoryOfDisk = directoryOf(disk.path!);
  await removeLeftRestores(directoryOfDisk, now());
  const path = restorePath(directoryOfDisk);
  const id = await withBackup(directory, { disk: of, backup }, async (folder, manifest) => {
    requireFits(disk, manifest.size, manifest.id);
    await writeVhd(new BackupDevice(folder, manifest), path, followed, disk.size);
    return manifest.id;
  });
  const what = `backup ${id} was restored over it`;
  const hold = await holdRestore(path);
  try {
    return await turn(() =>
      putBack(keeper, disk, {
        ...options,
        now: now(),
        what,
        async make(state, child) {
          const { size } = state.disks.find(({ uuid }) => uuid === disk.uuid)!;
          if (size !== disk.size) throw extended(name);
          hold.release();
          await Deno.rename(path, child);
          await syncDirectory(directoryOf(child));
          return { size, parent: undefined };
        },
      })
    );
  } finally {
    hold.release();
    await chainFilesOf(keeper).remove(path);
  }
}

function requireFits({ name, size }: DeclaredDisk, needed: number, backup: string): void {
  if (needed <= size) return;
  throw new ControlError(
    "failed",
    `backup ${backup} has ${exactSize(needed)}, and disk ${name} only ${exactSize(size)}`,
    `sanctl disk extend ${name} --to ${exactSize(needed)} first, or restore it into a new file`,
  );
}

function extended(name: string): ControlError {
  return new ControlError("in-use", `disk ${name} was extended meanwhile`, "restore it again");
}
