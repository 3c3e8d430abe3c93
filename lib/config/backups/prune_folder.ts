/** Which backups of a disk stay, by the rules of an operator. */
import type { BackupFolder } from "../../snapshot/backup/backup_folder.ts";
import type { Manifest } from "../../snapshot/backup/manifest.ts";
import { pruneBackups } from "../../snapshot/backup/prune_backups.ts";
import { keptBy, type Retention } from "../../snapshot/retention.ts";

export interface KeepRules {
  readonly keep: Retention;
  /** Whose calendar days are; the machine's without. */
  readonly timeZone?: string | undefined;
}

/** Those that no rule keeps, oldest first. */
export function goingBy({ manifests }: BackupFolder, { keep, timeZone }: KeepRules): Manifest[] {
  const items = manifests.map((manifest) => ({ manifest, takenAt: new Date(manifest.takenAt) }));
  const kept = keptBy(keep, items, timeZone);
  return items.filter((each) => !kept.has(each)).map(({ manifest }) => manifest);
}

/** Removes them; answers the octets that are free then. */
export async function pruneFolder(
  folder: BackupFolder,
  rules: KeepRules,
  now: Date,
): Promise<number> {
  const going = new Set(goingBy(folder, rules));
  const { octetsFreed } = await pruneBackups(folder, (manifest) => !going.has(manifest), now);
  return octetsFreed;
}
