/** Refuses a size that a disk cannot have, whether it is new or grows. */
import { MOST_OCTETS } from "../../vhd/geometry.ts";
import { ControlError } from "../control_error.ts";
import type { DeclaredDisk } from "../schema.ts";

export type SizedDisk = Pick<DeclaredDisk, "format" | "logicalBlockLength">;

export function checkSize(size: number, { format, logicalBlockLength }: SizedDisk): void {
  if (!Number.isSafeInteger(size) || size <= 0 || size % logicalBlockLength !== 0) {
    throw new ControlError(
      "usage",
      `a disk of ${size} octets is not whole blocks of ${logicalBlockLength}`,
      "give a size such as 512M or 20G",
    );
  }
  if (format !== "vhd" || size <= MOST_OCTETS) return;
  throw new ControlError(
    "usage",
    `a VHD cannot have ${size} octets: 2,040 GiB (${MOST_OCTETS}) is the most`,
    "give 2040G at most, or make it a raw image (.img), which may be larger",
  );
}
