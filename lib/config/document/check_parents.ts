/** That nobody writes to a file that a differencing disk is a child of. */
import type { DeclaredDisk } from "../schema.ts";
import type { DataPath } from "../control_error.ts";
import type { ServerDocument } from "./document.ts";
import { placedError } from "./place.ts";

/** Refuses a child of a disk, and a disk that is a parent, where one of the two is new. */
export function checkParents(
  before: readonly DeclaredDisk[],
  after: readonly DeclaredDisk[],
  { disks: asked = [] }: ServerDocument,
): void {
  const present = new Set(before.map(({ uuid }) => uuid));
  const byPath = new Map(after.map((disk) => [disk.path, disk]));
  for (const child of after) {
    const parent = child.parent === undefined ? undefined : byPath.get(child.parent);
    if (parent === undefined || (present.has(child.uuid) && present.has(parent.uuid))) continue;
    const at = asked.findIndex(({ name }) => name === child.name);
    const place: DataPath = at < 0 ? ["disks"] : ["disks", at, "parent"];
    throw placedError(
      place,
      "in-use",
      `disk ${child.name} is a child of the file of disk ${parent.name}, and a parent must not be ` +
        "written to any more",
      `leave disk ${parent.name} out; its file stays`,
    );
  }
}
