import type { DiskFacts } from "../../lib/config/facts.ts";
import { attachmentText } from "../attachment.ts";
import type { Context } from "../context.ts";
import { formatOf } from "../format_of.ts";
import { sheet } from "../output.ts";
import { formatSize } from "../size.ts";

export default async function (
  this: Context,
  _flags: Record<never, never>,
  name: string,
): Promise<void> {
  const control = await this.control();
  this.output.facts(await control.showDisk(name), diskText);
}

function diskText(disk: DiskFacts): string {
  const assignments = disk.assignments.map(({ target, lun, readOnly }) =>
    `LUN ${lun} of target ${target}${readOnly ? " (read-only)" : ""}`
  );
  return sheet([
    ["name", disk.name],
    ["description", disk.description],
    [disk.format === "nbd" ? "export" : "file", disk.path ?? "none: in memory"],
    ["format", formatOf(disk)],
    ["parent", disk.parent ?? undefined],
    ["size", `${formatSize(disk.size)} (${disk.size} octets)`],
    ["takes", disk.allocated === null ? undefined : formatSize(disk.allocated)],
    ["blocks", `${disk.logicalBlockLength} octets, physically ${disk.physicalBlockLength}`],
    ["uuid", disk.uuid],
    ["state", disk.failure === null ? disk.state : `${disk.state}: ${disk.failure}`],
    ["removable", disk.removable ? "yes" : undefined],
    ["shared", disk.shared ? "yes" : undefined],
    ["attached", disk.attached === null ? undefined : attachmentText(disk.attached)],
    ["assigned", assignments.length === 0 ? "to no target" : assignments.join(", ")],
  ]);
}
