/** What is kept once a backup has been made. */
import { BackupFolder } from "../../snapshot/backup/backup_folder.ts";
import { checkPath } from "../operations/declare_disk.ts";
import type { Keep } from "../schedule_control.ts";
import { checkKeep, checkTimeZone } from "../schedules/check_schedule.ts";
import type { NewBackup } from "../snapshot_control.ts";
import { backupFailure } from "./backup_failure.ts";
import { goingBy, pruneFolder } from "./prune_folder.ts";

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
