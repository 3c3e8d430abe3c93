/** The disks that a document makes of those there are. Where they are assigned stays. */
import type { DeclaredDisk, DeclaredState } from "../schema.ts";
import { changedDisk } from "./changed_disk.ts";
import type { DocumentDisk, ServerDocument } from "./document.ts";
import type { Finding } from "./findings.ts";
import { filesOf } from "./holds_file.ts";
import type { MergeOptions } from "./merge.ts";
import { newDisk } from "./new_disk.ts";

/** A disk of the document, and what is known of it. */
export interface AskedDisk {
  readonly disk: DocumentDisk;
  /** About its file, if it names one. */
  readonly finding: Finding | undefined;
  readonly at: number;
}

export function mergeDisks(
  state: DeclaredState,
  document: ServerDocument,
  options: MergeOptions,
): DeclaredDisk[] {
  const asked = document.disks ?? [];
  const isPruned = options.prune && document.disks !== undefined;
  const named = new Set(asked.map(({ name }) => name));
  const leftOut = state.disks.filter(({ name }) => !named.has(name));
  const find = finder(state.disks, isPruned ? leftOut : []);
  const changed = new Map<DeclaredDisk, DeclaredDisk>();
  const added: AskedDisk[] = [];
  asked.forEach((disk, at) => {
    const each = { disk, at, finding: options.findings.get(disk.name) };
    const current = find(each);
    if (current === undefined) added.push(each);
    else changed.set(current, changedDisk(current, each));
  });
  const kept = isPruned ? state.disks.filter((disk) => changed.has(disk)) : state.disks;
  const disks = kept.map((disk) => changed.get(disk) ?? disk);
  for (const each of added) disks.push(newDisk(each, disks, options.draw));
  return disks;
}

/**
 * Finds the disk there is for one of the document: by its name, or, among those that are to go, by
 * its file or UUID, since that is the same disk under another name.
 */
function finder(disks: readonly DeclaredDisk[], going: readonly DeclaredDisk[]) {
  const byName = new Map(disks.map((disk) => [disk.name, disk]));
  const byPath = new Map(
    going.flatMap((disk) => filesOf(disk).map((path) => [path, disk] as const)),
  );
  const byUuid = new Map(going.map((disk) => [disk.uuid, disk]));
  return ({ disk, finding }: AskedDisk): DeclaredDisk | undefined =>
    byName.get(disk.name) ??
      (finding === undefined ? undefined : byPath.get(finding.path)) ??
      (disk.uuid === undefined ? undefined : byUuid.get(disk.uuid));
}
