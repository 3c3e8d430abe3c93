/** Disks that there can be no snapshots of. */
import { ControlError } from "../control_error.ts";
import type { DeclaredDisk } from "../schema.ts";
import { chainOf } from "./find_snapshot.ts";

/** Why there are none, as what the disk is, and what else to do; undefined: there can be. */
export function whyNoSnapshots(disk: DeclaredDisk): [why: string, next: string] | undefined {
  switch (disk.format) {
    case "raw":
      return ["a raw image, without snapshots", "convert it to a VHD: sanctl disk convert"];
    case "mem":
      return ["in memory, without snapshots", "create a VHD for what is to be kept"];
    case "nbd":
      return ["an export, without snapshots", "take them where it is kept, or copy it to a VHD"];
  }
  if (!chainOf(disk).readOnly) return undefined;
  return ["a snapshot, and does not change", "take it of the disk itself"];
}

export function requireSnapshots(disk: DeclaredDisk): void {
  const reason = whyNoSnapshots(disk);
  if (reason === undefined) return;
  const [why, next] = reason;
  throw new ControlError("failed", `disk ${disk.name} is ${why}`, next);
}
