/** That nothing goes with what is pruned but what may go. */
import type { DeclaredDisk, DeclaredState } from "../schema.ts";
import { placedError } from "./place.ts";

/** Refuses what `disk remove` refuses: what is attached; and snapshots would be nobody's. */
export function checkRemovals(before: readonly DeclaredDisk[], after: DeclaredState): void {
  const kept = new Set(after.disks.map(({ uuid }) => uuid));
  const used = before.find(({ uuid, attached }) => !kept.has(uuid) && attached !== undefined);
  if (used !== undefined) {
    throw placedError(
      ["disks"],
      "in-use",
      `disk ${used.name} would be removed, and is attached on this server`,
      `name it among the disks; or sanctl disk detach ${used.name} first`,
    );
  }
  const lost = before.find(({ uuid, chain }) =>
    !kept.has(uuid) && (chain?.snapshots.length ?? 0) > 0
  );
  if (lost === undefined) return;
  throw placedError(
    ["disks"],
    "in-use",
    `disk ${lost.name} would be removed, and has snapshots, such as ${
      lost.chain!.snapshots[0]!.name
    }`,
    "name it among the disks; or sanctl snapshot delete them first",
  );
}
