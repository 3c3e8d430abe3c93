/** How much space the snapshots of a disk may take: new ones are refused, the disk goes on. */
import { ControlError } from "../control_error.ts";
import type { DeclaredDisk, DeclaredState } from "../schema.ts";
import { exactSize } from "../size.ts";
import { spaceOfSnapshots } from "./space.ts";

/** Refuses a snapshot of a disk whose snapshots take as much as they may. */
export async function requireRoom(state: DeclaredState, disk: DeclaredDisk): Promise<void> {
  const { snapshotSpace: limit } = disk;
  if (limit === undefined) return;
  const space = await spaceOfSnapshots(state, disk) ?? 0;
  if (space < limit) return;
  throw new ControlError(
    "failed",
    `the snapshots of disk ${disk.name} take ${space} octets of the ${exactSize(limit)} that ` +
      "they may",
    `delete some, or allow more: sanctl snapshot limit ${disk.name} --space SIZE`,
  );
}
