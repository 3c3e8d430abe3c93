import { absolute } from "../../lib/config/state_directory.ts";
import type { Context } from "../context.ts";
import { keepOf } from "../keep_flags.ts";
import type { BackupCreateFlags } from "../routes/backup.ts";
import { formatSize } from "../size.ts";

export default async function (
  this: Context,
  { full, noBase, description, timeZone, ...flags }: BackupCreateFlags,
  disk: string,
  directory: string,
): Promise<void> {
  const control = await this.control();
  const bar = this.progress(`backing up ${disk}`);
  try {
    const changed = await control.snapshots.backUp(
      disk,
      { directory: absolute(directory), full, noBase, description, timeZone, keep: keepOf(flags) },
      { onProgress: (progress) => bar.update(progress), signal: this.signal },
    );
    bar.end();
    this.output.changed(
      changed,
      ({ id, kind, read, stored }) =>
        `backup ${id} of disk ${disk} made: ${kind}, ` +
        `${formatSize(read ?? 0)} read, ${formatSize(stored)} stored`,
    );
  } finally {
    bar.end();
  }
}
