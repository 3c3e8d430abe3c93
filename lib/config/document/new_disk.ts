/** A disk that a document adds: created as it says, or imported where its file exists. */
import { type FoundDisk, planDisk, planImport } from "../operations/declare_disk.ts";
import { planExtension } from "../operations/extend_disk.ts";
import type { DeclaredDisk } from "../schema.ts";
import type { AskedDisk } from "./merge_disks.ts";
import { holdsFile } from "./holds_file.ts";
import { overlaid } from "./overlaid.ts";
import { inPlace, placedError } from "./place.ts";

type Refuse = (field: string, why: string, nextStep: string) => never;

/**
 * The disk as it will be declared. `others` are the disks that there will be besides; `draw` is
 * asked where neither the document nor the file has a UUID for it.
 */
export function newDisk(
  asked: AskedDisk,
  others: readonly DeclaredDisk[],
  draw: (what: string) => string,
): DeclaredDisk {
  const { disk, finding, at } = asked;
  const refuse: Refuse = (field, why, nextStep) => {
    throw placedError(["disks", at, field], "usage", `disk ${disk.name} ${why}`, nextStep);
  };
  checkPlace(asked, others, refuse);
  const found = finding?.found;
  const plan = found === undefined
    ? created(asked, refuse)
    : imported(asked, others, found, refuse);
  const uuid = disk.uuid ?? (plan.uuid === found?.uuid ? plan.uuid : draw(drawnFor(disk.name)));
  const twin = others.find((other) => other.uuid === uuid);
  if (twin !== undefined) {
    refuse("uuid", `cannot have the UUID of disk ${twin.name}`, "leave it out for one of its own");
  }
  const path = finding === undefined ? {} : { path: finding.path };
  const parent = plan.parent === undefined ? {} : { parent: plan.parent };
  return { ...overlaid(plan, disk), ...path, ...parent, uuid };
}

/** What the UUID of a new disk is drawn for. */
export function drawnFor(disk: string): string {
  return `disk ${disk}`;
}

/** Where it is kept: in a file that is no other disk's, or in memory. */
function checkPlace(
  { disk, finding }: AskedDisk,
  others: readonly DeclaredDisk[],
  refuse: Refuse,
): void {
  if (finding === undefined) {
    if (disk.format === "mem") return;
    refuse("name", "is new and has no path", "give its path; or format: mem, to keep it in memory");
  }
  if (disk.format === "mem") {
    refuse("path", "is in memory and has no file", "leave out its path, or its format");
  }
  const holder = others.find((other) => holdsFile(other, finding.path));
  if (holder !== undefined) {
    refuse("path", `cannot have the file of disk ${holder.name}`, "give each disk its own");
  }
}

function created({ disk, finding, at }: AskedDisk, refuse: Refuse): DeclaredDisk {
  const parent = finding?.parent;
  if (parent?.found !== undefined && parent.found.format !== "vhd") {
    refuse("parent", `cannot be a child of ${parent.path}, which is no VHD`, "name a VHD");
  }
  const size = disk.size ?? parent?.found?.size;
  if (size === undefined) refuse("name", "is new and has no size", "give one, such as 20G");
  if (disk.format === "nbd") {
    refuse("format", "is new and its path is no export", "give its URL, such as nbd://HOST/NAME");
  }
  const place = finding === undefined ? { memory: disk.name } : { path: finding.path };
  return inPlace(["disks", at], () => planDisk({ ...disk, ...place, parent: parent?.path, size }));
}

function imported(
  { disk, finding, at }: AskedDisk,
  others: readonly DeclaredDisk[],
  found: FoundDisk,
  refuse: Refuse,
): DeclaredDisk {
  const asked = { ...disk, path: finding!.path };
  const plan = inPlace(["disks", at], () => planImport({ disks: others }, asked, found));
  const wanted = { ...disk, parent: finding!.parent?.path };
  for (const field of ["format", "type", "parent"] as const) {
    if (wanted[field] === undefined || wanted[field] === plan[field]) continue;
    const why = `cannot have the ${field} ${wanted[field]}: that of its file is ${
      plan[field] ?? "none"
    }`;
    refuse(field, why, `leave the ${field} out`);
  }
  const { size } = disk;
  if (size !== undefined && size !== found.size) {
    inPlace(["disks", at, "size"], () => planExtension(plan, found.size, { to: size }));
  }
  return plan;
}
