import { absolute } from "../../lib/config/state_directory.ts";
import type { Context } from "../context.ts";
import type { BackupRestoreFlags } from "../routes/backup.ts";

export default async function (
  this: Context,
  flags: BackupRestoreFlags,
  directory: string,
  file: string,
): Promise<void> {
  const { restoreBackup } = await import("../../lib/config/backups/kept_backups.ts");
  const bar = this.progress(`restoring ${file}`);
  try {
    const facts = await restoreBackup(absolute(directory), absolute(file), {
      ...flags,
      onProgress: (progress) => bar.update(progress),
      signal: this.signal,
    });
    bar.end();
    this.output.facts(facts, ({ id, disk }) => `backup ${id} of disk ${disk} restored to ${file}`);
  } finally {
    bar.end();
  }
}
