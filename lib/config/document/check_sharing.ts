/** That no disk comes to have two that write it and do not know of each other. */
import { severalInitiators } from "../initiator_id.ts";
import type { DeclaredDisk, DeclaredState } from "../schema.ts";
import type { DataPath } from "../yaml.ts";
import type { ReadDocument } from "./read_document.ts";

/** Refuses what `disk assign` and `target allow` refuse. */
export function checkSharing(state: DeclaredState, read: ReadDocument): void {
  const targets = new Map(state.targets.map((target) => [target.name, target]));
  for (const disk of state.disks) {
    if (disk.shared) continue;
    const [first, second] = disk.assignments;
    if (second !== undefined) {
      throw read.places.error(
        placeOf(disk, [second.target, first!.target], read),
        "in-use",
        `disk ${disk.name} would belong to both target ${first!.target} and ${second.target}`,
        "take it from one of them; or give it shared: true, if several targets may have it",
      );
    }
    if (first === undefined || first.readOnly) continue;
    const initiators = severalInitiators(targets.get(first.target)!.allow);
    if (initiators === undefined) continue;
    throw read.places.error(
      placeOf(disk, [first.target], read),
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
  { document }: ReadDocument,
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
