/** A disk that there is, as a document changes it. */
import { planExtension } from "../operations/extend_disk.ts";
import type { DeclaredDisk } from "../schema.ts";
import type { DocumentDisk } from "./document.ts";
import { DISK_FIELDS } from "./fields.ts";
import type { AskedDisk } from "./merge_disks.ts";
import { holdsFile } from "./holds_file.ts";
import { overlaid } from "./overlaid.ts";
import { inPlace, placedError } from "./place.ts";

export function changedDisk(current: DeclaredDisk, asked: AskedDisk): DeclaredDisk {
  const { disk, finding, at } = asked;
  const isOwn = finding !== undefined && holdsFile(current, finding.path);
  const path = isOwn ? current.path : finding?.path;
  const parent = finding?.parent?.path;
  const wanted = {
    ...disk,
    ...(path === undefined ? {} : { path }),
    ...(parent === undefined ? {} : { parent }),
  };
  // A VHD of which nothing is said is fixed.
  const standard = current.format === "vhd" ? { type: "fixed" } : {};
  const present = new Map<string, unknown>(Object.entries({ ...standard, ...current }));
  for (const [field, value] of Object.entries(wanted)) {
    const { fixed, write } = DISK_FIELDS[field as keyof DocumentDisk];
    if (!fixed || value === undefined || value === present.get(field)) continue;
    const text = (it: unknown) => String(write === undefined ? it : write(it as never));
    const has = present.has(field) ? `the ${field} ${text(present.get(field))}` : `no ${field}`;
    throw placedError(
      ["disks", at, field],
      "usage",
      `disk ${current.name} has ${has}, which cannot become ${text(value)}`,
      "leave it out, or give it as it is; another disk needs another name",
    );
  }
  const { size } = disk;
  if (size !== undefined && size !== current.size) {
    inPlace(["disks", at, "size"], () => planExtension(current, current.size, { to: size }));
  }
  return overlaid(current, wanted);
}
