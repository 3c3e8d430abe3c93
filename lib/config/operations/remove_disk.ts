/** Forgets a disk. What becomes of its file is the caller's to do. */
import { ControlError } from "../control_error.ts";
import { isExportUrl } from "../export_url.ts";
import type { DeclaredState } from "../schema.ts";
import { requireNotAttached } from "./attach_disk.ts";
import { findDisk } from "./find.ts";
import type { Outcome } from "./outcome.ts";
import { requireUnscheduled } from "./schedules_of_disk.ts";

export function removeDisk(state: DeclaredState, name: string): Outcome {
  const disk = findDisk(state, name);
  requireNotAttached(disk);
  const first = disk.assignments[0];
  if (first !== undefined) {
    throw new ControlError(
      "in-use",
      `disk ${name} is LUN ${first.lun} of target ${first.target}`,
      `sanctl disk unassign ${name} first`,
    );
  }
  const [snapshot] = disk.chain?.snapshots ?? [];
  if (snapshot !== undefined) {
    throw new ControlError(
      "in-use",
      `disk ${name} has snapshots, such as ${snapshot.name}`,
      "sanctl snapshot delete them first",
    );
  }
  requireUnscheduled(state, name);
  return { state: { ...state, disks: state.disks.filter((each) => each !== disk) }, notices: [] };
}

/** Refuses to delete what is not ours: an export is its server's. */
export function checkDeletable(path: string | undefined): void {
  if (path === undefined || !isExportUrl(path)) return;
  throw new ControlError(
    "usage",
    `${path} is an export, which its server keeps`,
    "leave out --delete-file, and delete it there",
  );
}
