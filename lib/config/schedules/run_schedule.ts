/** One run of a schedule. What fails for one disk keeps the others from nothing. */
import { ControlError } from "../control_error.ts";
import type { DeclaredSchedule } from "../schema.ts";
import type { SnapshotControl } from "../snapshot_control.ts";

export async function runSchedule(
  snapshots: SnapshotControl,
  schedule: DeclaredSchedule,
  signal: AbortSignal,
): Promise<void> {
  const { disks, group } = schedule;
  const parts = group ? [disks] : disks.map((disk) => [disk]);
  const failures: string[] = [];
  for (const part of parts) {
    signal.throwIfAborted();
    try {
      await run(snapshots, schedule, part, signal);
    } catch (error) {
      if (signal.aborted || !(error instanceof ControlError)) throw error;
      failures.push(error.message);
    }
  }
  if (failures.length > 0) throw new ControlError("failed", failures.join("; "));
}

async function run(
  snapshots: SnapshotControl,
  { kind, name, group, directory, keep, timeZone }: DeclaredSchedule,
  disks: readonly string[],
  signal: AbortSignal,
): Promise<void> {
  const description = `by schedule ${name}`;
  if (kind === "backup") {
    const backup = { directory: directory!, description, keep, timeZone, inPlace: true };
    for (const disk of disks) await snapshots.backUp(disk, backup, { signal });
    return;
  }
  await snapshots.create({ disks, group, description, schedule: name });
  for (const disk of disks) await snapshots.prune(disk, { keep, timeZone, schedule: name });
}
