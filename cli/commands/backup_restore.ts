import { ControlError } from "../../lib/config/control_error.ts";
import { absolute } from "../../lib/config/state_directory.ts";
import type { Context } from "../context.ts";
import type { BackupRestoreFlags } from "../routes/backup.ts";

export default async function (
  this: Context,
  flags: BackupRestoreFlags,
  directory: string,
  file?: string,
): Promise<void> {
  const { over } = flags;
  if ((over === undefined) === (file === undefined)) {
    const what = "it is not said, or said twice, into what the backup is restored";
    throw new ControlError("usage", what, "give a new FILE, or --over DISK");
  }
  if (over === undefined) requireNoneOfOver(flags);
  const place = absolute(directory);
  if (over !== undefined) return await restoreOver(this, flags, place, over);
  await restore(this, flags, place, file!);
}

/** What would be ignored is not what was meant. */
function requireNoneOfOver({ discard, force }: BackupRestoreFlags): void {
  const flag = discard ? "--discard" : force ? "--force" : undefined;
  if (flag === undefined) return;
  const what = `${flag} is of a disk that a backup is restored over, and FILE is a new one`;
  throw new ControlError("usage", what, `leave it out, or give --over DISK in the place of FILE`);
}

async function restore(
  context: Context,
  { disk, backup }: BackupRestoreFlags,
  directory: string,
  file: string,
): Promise<void> {
  const { restoreBackup } = await import("../../lib/config/backups/kept_backups.ts");
  const bar = context.progress(`restoring ${file}`);
  try {
    const facts = await restoreBackup(directory, absolute(file), {
      disk,
      backup,
      onProgress: (progress) => bar.update(progress),
      signal: context.signal,
    });
    bar.end();
    const text = () => `backup ${facts.id} of disk ${facts.disk} restored to ${file}`;
    context.output.facts(facts, text);
  } finally {
    bar.end();
  }
}

async function restoreOver(
  context: Context,
  { disk, backup, discard, force, yes }: BackupRestoreFlags,
  directory: string,
  over: string,
): Promise<void> {
  const control = await context.control();
  await control.showDisk(over);
  const kept = discard ? "what it holds now is lost" : "what it holds now is kept as a snapshot";
  await context.confirm(`disk ${over} gets the data of a backup: ${kept}`, yes);
  const bar = context.progress(`restoring ${over}`);
  try {
    const asked = { directory, of: disk, backup, discard, force };
    const changed = await control.snapshots.restoreOver(over, asked, {
      onProgress: (progress) => bar.update(progress),
      signal: context.signal,
    });
    bar.end();
    context.output.changed(changed, ({ name }) => `disk ${name} holds what was backed up`);
  } finally {
    bar.end();
  }
}
