import { ControlError } from "../../lib/config/control_error.ts";
import type { BackupVerdictFacts } from "../../lib/config/snapshot_control.ts";
import { absolute } from "../../lib/config/state_directory.ts";
import type { Context } from "../context.ts";
import type { BackupDiskFlags } from "../routes/backup.ts";
import { formatSize } from "../size.ts";

export default async function (
  this: Context,
  { disk }: BackupDiskFlags,
  directory: string,
): Promise<void> {
  const { verifyKept } = await import("../../lib/config/backups/kept_backups.ts");
  const bar = this.progress(`verifying ${directory}`);
  let verdicts: BackupVerdictFacts[];
  try {
    verdicts = await verifyKept(absolute(directory), disk, {
      onProgress: (progress) => bar.update(progress),
      signal: this.signal,
    });
  } finally {
    bar.end();
  }
  this.output.facts(verdicts, (all) => all.flatMap(linesOf).join("\n"));
  if (verdicts.every(isSound)) return;
  const next = "make new backups, with --full where chunks are lost";
  throw new ControlError("failed", `not all backups in ${directory} can be restored`, next);
}

function isSound({ backups, flaws }: BackupVerdictFacts): boolean {
  return flaws.length === 0 && backups.every(({ badChunks }) => badChunks === 0);
}

function linesOf({ disk, backups, flaws, octetsRead }: BackupVerdictFacts): string[] {
  const lines = backups.map(({ id, badChunks }) =>
    `${id} of disk ${disk}: ${badChunks === 0 ? "sound" : `${badChunks} chunks are bad`}`
  );
  return [...lines, ...flaws, `${formatSize(octetsRead)} read of disk ${disk}`];
}
