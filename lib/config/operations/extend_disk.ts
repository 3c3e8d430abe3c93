/** Gives a disk more space; it never gets less. */
import type { Extension } from "../control.ts";
import { ControlError } from "../control_error.ts";
import type { DeclaredDisk, DeclaredState } from "../schema.ts";
import { checkSize } from "./check_size.ts";
import { noSuchDisk, replaceDisk } from "./find.ts";
import type { Outcome } from "./outcome.ts";

/** The size that the disk, which has `present` octets, is asked to have. */
export function planExtension(disk: DeclaredDisk, present: number, { by, to }: Extension): number {
  if ((by === undefined) === (to === undefined)) {
    throw new ControlError(
      "usage",
      `it is not said how large disk ${disk.name} is to be`,
      "give --by SIZE for so much more, or --to SIZE for so much in all",
    );
  }
  const size = to ?? present + by!;
  if (size <= present) {
    throw new ControlError(
      "usage",
      `disk ${disk.name} has ${present} octets already, and a disk never shrinks`,
      "give a larger size",
    );
  }
  checkSize(size, disk);
  return size;
}

/** The disk, which may be called otherwise meanwhile, has this size now. */
export function declareSize(
  state: DeclaredState,
  { uuid, name }: DeclaredDisk,
  size: number,
): Outcome {
  const disk = state.disks.find((each) => each.uuid === uuid);
  if (disk === undefined) throw noSuchDisk(name);
  const notices = ["a file system on it is as large as before, until its host extends it"];
  return { state: replaceDisk(state, disk, { ...disk, size }), notices };
}
