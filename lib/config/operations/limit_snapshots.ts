/** Declares how much space the snapshots of a disk may take. */
import { ControlError } from "../control_error.ts";
import type { DeclaredState } from "../schema.ts";
import { requireSnapshots } from "../snapshots/no_snapshots.ts";
import { findDisk, replaceDisk } from "./find.ts";
import type { Outcome } from "./outcome.ts";

/** No limit where it is null. */
export function limitSnapshots(state: DeclaredState, name: string, limit: number | null): Outcome {
  const disk = findDisk(state, name);
  const { snapshotSpace: _, ...rest } = disk;
  if (limit === null) return { state: replaceDisk(state, disk, rest), notices: [] };
  checkSnapshotSpace(limit);
  requireSnapshots(disk);
  const changed = { ...rest, snapshotSpace: limit };
  return { state: replaceDisk(state, disk, changed), notices: [] };
}

/** Refuses what is no room for anything; answers the octets. */
export function checkSnapshotSpace(octets: number): number {
  if (Number.isSafeInteger(octets) && octets > 0) return octets;
  throw new ControlError(
    "usage",
    `snapshots cannot be limited to ${octets} octets`,
    "give a size such as 50G, or none for no limit (null in a document)",
  );
}
