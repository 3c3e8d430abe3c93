/** That no disk comes to have two that write it and do not know of each other. */
import { severalInitiators } from "../initiator_id.ts";
import type { DeclaredDisk, DeclaredState } from "../schema.ts";
import type { ServerDocument } from "./document.ts";
import type { DataPath } from "../control_error.ts";
import { placedError } from "./place.ts";

/** Refuses what `disk assign` and `target allow` refuse. */
export function checkSharing(state: DeclaredState, document: ServerDocument): void {
  const targets = new Map(state.targets.map((target) => [target.name, target]));
  for (const disk of state.disks) {
    if (disk.shared) continue;
    const [first, second] = disk.assignments;
    if (second !== undefined) {
      throw placedError(
        placeOf(disk, [second.target, first!.target], document),
        "in-use",
        `disk ${disk.name} would belong to both target ${first!.target} and ${second.target}`,
        "take it from one of them; or give it shared: true, if several targets may have it",
      );
    }
    if (first === undefined || first.readOnly) continue;
    const initiators = severalInitiators(targets.get(first.target)!.allow);
    if (initiators === undefined) continue;
    throw placedError(
      placeOf(disk, [first.target], document),
      "in-use",
      `target ${first.target} would admit ${initiators}, and two that write disk ${disk.name} ` +
        "corrupt it",
      "admit one; or give the disk shared: true for a cluster that shares it, or readOnly: true",
    );
  }
}

/** Where the document puts the disk behind a LUN of one of the targets, or what else it says. */
function placeOf(
  { name }: DeclaredDisk,
  targets: readonly string[],
  document: ServerDocument,
): DataPath {
  for (const target of targets) {
    const at = (document.targets ?? []).findIndex((each) => each.name === target);
    if (at < 0) continue;
    const lun = document.targets![at]!.luns?.findIndex(({ disk }) => disk === name) ?? -1;
    return lun < 0 ? ["targets", at] : ["targets", at, "luns", lun];
  }
  const at = (document.disks ?? []).findIndex((each) => each.name === name);
  return at < 0 ? [] : ["disks", at];
}
