/** Opens the disks that are not open yet; all or none. */
import { type DiskSurroundings, RunningDisk } from "./running_disk.ts";
import type { DeclaredDisk } from "./schema.ts";

/** By their UUIDs, as those that are `open`. */
export async function openNew(
  disks: readonly DeclaredDisk[],
  open: ReadonlyMap<string, RunningDisk>,
  around: DiskSurroundings,
): Promise<Map<string, RunningDisk>> {
  const opened = new Map<string, RunningDisk>();
  try {
    for (const disk of disks) {
      if (open.has(disk.uuid)) continue;
      opened.set(disk.uuid, await RunningDisk.open(disk, around));
    }
  } catch (error) {
    await Promise.all([...opened.values()].map((disk) => disk.close()));
    throw error;
  }
  return opened;
}
