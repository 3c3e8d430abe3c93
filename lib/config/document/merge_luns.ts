/** Which disks stand behind the LUNs of the targets, with a document put into it. */
import {
  type DeclaredAssignment,
  type DeclaredDisk,
  type DeclaredTarget,
  MOST_LUN,
} from "../schema.ts";
import type { DataPath } from "../control_error.ts";
import type { DocumentLun, ServerDocument } from "./document.ts";
import { overlaid } from "./overlaid.ts";
import { placedError } from "./place.ts";

export interface MergeLunsOptions {
  /** As they will be. */
  readonly targets: readonly DeclaredTarget[];
  /** What the targets that stay were called → what they are called now. */
  readonly names: ReadonlyMap<string, string>;
  readonly document: ServerDocument;
}

/** The assignments of one target, by the names of the disks. */
type Luns = Map<string, DeclaredAssignment>;

/** The disks with their assignments as they will be. */
export function mergeLuns(
  disks: readonly DeclaredDisk[],
  { names, targets, document }: MergeLunsOptions,
): DeclaredDisk[] {
  const present = lunsOf(disks, names);
  const known = new Set(disks.map(({ name }) => name));
  (document.targets ?? []).forEach(({ name, luns }, at) => {
    if (luns === undefined) return;
    const asked = { luns, path: ["targets", at, "luns"] };
    checkLuns(asked, known);
    present.set(name, numbered(asked, name, present.get(name) ?? new Map()));
  });
  const assignments = new Map<string, DeclaredAssignment[]>();
  for (const { name } of targets) {
    for (const [disk, assignment] of present.get(name) ?? []) {
      assignments.set(disk, [...assignments.get(disk) ?? [], assignment]);
    }
  }
  return disks.map((disk) => {
    // Those that stay keep their order, so that nothing seems to change that does not.
    const order = disk.assignments.map(({ target }) => names.get(target));
    const place = ({ target }: DeclaredAssignment) => (order.indexOf(target) + 1) || Infinity;
    const wanted = assignments.get(disk.name) ?? [];
    return { ...disk, assignments: wanted.sort((one, other) => place(one) - place(other) || 0) };
  });
}

/** The LUNs of the targets that stay, under the names that they have now. */
function lunsOf(
  disks: readonly DeclaredDisk[],
  names: ReadonlyMap<string, string>,
): Map<string, Luns> {
  const present = new Map<string, Luns>();
  for (const { name, assignments } of disks) {
    for (const assignment of assignments) {
      const target = names.get(assignment.target);
      if (target === undefined) continue;
      const luns = present.get(target) ?? new Map();
      present.set(target, luns.set(name, { ...assignment, target }));
    }
  }
  return present;
}

interface AskedLuns {
  readonly luns: readonly DocumentLun[];
  readonly path: DataPath;
}

function checkLuns({ luns, path }: AskedLuns, known: ReadonlySet<string>): void {
  const seen = new Set<string>();
  luns.forEach(({ disk }, at) => {
    const place = [...path, at, "disk"];
    if (!known.has(disk)) {
      throw placedError(
        place,
        "not-found",
        `there will be no disk ${disk}`,
        "name it among the disks, with its path",
      );
    }
    if (seen.has(disk)) {
      throw placedError(place, "usage", `disk ${disk} is there twice`, "leave one of them out");
    }
    seen.add(disk);
  });
}

/** The target's LUNs as asked for: a disk that is given no number keeps its own, or gets one. */
function numbered({ luns, path }: AskedLuns, target: string, present: Luns): Luns {
  const numbers = luns.map(({ disk, lun }) => lun ?? present.get(disk)?.lun);
  const holders = new Map<number, string>();
  numbers.forEach((lun, at) => {
    if (lun === undefined) return;
    const { disk } = luns[at]!;
    const holder = holders.get(lun);
    holders.set(lun, disk);
    if (holder === undefined) return;
    throw placedError(
      [...path, at],
      "usage",
      `LUN ${lun} of target ${target} cannot be both disk ${holder} and disk ${disk}`,
      "give each a number of its own, or leave the numbers out",
    );
  });
  let lowest = 0;
  return new Map(luns.map(({ disk, ...asked }, at) => {
    let lun = numbers[at];
    if (lun === undefined) {
      while (holders.has(lowest)) lowest++;
      lun = lowest++;
    }
    if (lun > MOST_LUN) {
      throw placedError(
        [...path, at],
        "usage",
        `target ${target} has no LUN left`,
        "leave some out",
      );
    }
    const base = present.get(disk) ?? { target, lun, readOnly: false };
    return [disk, { ...overlaid(base, asked), lun }];
  }));
}
