/** Forgets a disk. What becomes of its file is the caller's to do. */
import { ControlError } from "../control_error.ts";
import type { DeclaredState } from "../schema.ts";
import { findDisk } from "./find.ts";
import type { Outcome } from "./outcome.ts";

export function removeDisk(state: DeclaredState, name: string): Outcome {
  const disk = findDisk(state, name);
  const first = disk.assignments[0];
  if (first !== undefined) {
    throw new ControlError(
      "in-use",
      `disk ${name} is LUN ${first.lun} of target ${first.target}`,
      `sanctl disk unassign ${name} first`,
    );
  }
  return { state: { ...state, disks: state.disks.filter((each) => each !== disk) }, notices: [] };
}
