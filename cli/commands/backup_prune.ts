import type { PrunedBackupsFacts } from "../../lib/config/snapshot_control.ts";
import { absolute } from "../../lib/config/state_directory.ts";
import type { Context } from "../context.ts";
import { keepOf } from "../keep_flags.ts";
import type { BackupPruneFlags } from "../routes/backup.ts";
import { formatSize } from "../size.ts";

export default async function (
  this: Context,
  { disk, dryRun, yes, timeZone, ...flags }: BackupPruneFlags,
  directory: string,
): Promise<void> {
  const { pruneKept } = await import("../../lib/config/backups/kept_backups.ts");
  const place = absolute(directory);
  const rules = { disk, keep: keepOf(flags) ?? {}, timeZone };
  const planned = await pruneKept(place, { ...rules, dryRun: true });
  const ids = planned.flatMap((each) => each.removed.map((id) => `${id} of disk ${each.disk}`));
  if (dryRun || ids.length === 0) {
    const none = "nothing is to be removed";
    const lines = ids.map((id) => `backup ${id} would be removed`);
    return this.output.facts(planned, () => lines.length === 0 ? none : lines.join("\n"));
  }
  await this.confirm(`these backups cannot be restored any more: ${ids.join(", ")}`, yes);
  const pruned = await pruneKept(place, rules);
  this.output.facts(pruned, (all) => all.map(prunedText).join("\n"));
}

function prunedText({ disk, removed, freed }: PrunedBackupsFacts): string {
  return `${removed.length} backups of disk ${disk} removed, ${formatSize(freed)} freed`;
}
