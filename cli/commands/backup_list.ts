import type { BackupFacts } from "../../lib/config/snapshot_control.ts";
import { absolute } from "../../lib/config/state_directory.ts";
import type { Context } from "../context.ts";
import type { Column } from "../output.ts";
import type { BackupDiskFlags } from "../routes/backup.ts";
import { formatSize } from "../size.ts";

const COLUMNS: readonly Column<BackupFacts>[] = [
  { heading: "BACKUP", value: ({ id }) => id },
  { heading: "DISK", value: ({ disk }) => disk },
  { heading: "TAKEN", value: ({ takenAt }) => takenAt },
  { heading: "SIZE", align: "right", value: ({ size }) => formatSize(size) },
  { heading: "KIND", value: ({ kind }) => kind },
  { heading: "STORED", align: "right", value: ({ stored }) => formatSize(stored) },
  { heading: "DESCRIPTION", value: ({ description }) => description },
];

export default async function (
  this: Context,
  { disk }: BackupDiskFlags,
  directory: string,
): Promise<void> {
  const { listBackups } = await import("../../lib/config/backups/kept_backups.ts");
  this.output.list(await listBackups(absolute(directory), disk), COLUMNS, "no backups");
}
