/** What must hold between the objects of a declared state, wherever it comes from. */
import type {
  DeclaredAuthentication,
  DeclaredDisk,
  DeclaredSchedule,
  DeclaredState,
} from "./schema.ts";
import { isnsServerName } from "./isns_servers.ts";
import { whyNoSnapshots } from "./snapshots/no_snapshots.ts";
import { overLimit } from "./operations/set_limits.ts";
import { isExportUrl } from "./export_url.ts";
import { secretReferences } from "./secret_book.ts";
import { portalName } from "./portals.ts";
import { isAbsolute } from "../runtime/path.ts";

/** The first thing that does not fit together, as a clause; undefined where all does. */
export function inconsistency(state: DeclaredState): string | undefined {
  return repeated("portal", (state.portals ?? []).map(portalName)) ??
    repeated("iSNS server", (state.isnsServers ?? []).map(isnsServerName)) ??
    repeated("target", state.targets.map(({ name }) => name)) ??
    repeated("iSCSI name", state.targets.map(({ iqn }) => iqn)) ??
    repeated("disk", state.disks.map(({ name }) => name)) ??
    repeated("disk file", state.disks.flatMap(ownFiles)) ??
    repeated("snapshot", state.disks.flatMap(({ chain }) => chain?.snapshots ?? []).map(nameOf)) ??
    repeated("disk UUID", state.disks.map(({ uuid }) => uuid)) ??
    firstOf(state.disks, (disk) => inconsistencyOfDisk(disk, state)) ??
    repeated("LUN", state.disks.flatMap(lunsOf)) ??
    repeated("secret", secretReferences(state)) ??
    firstOf(state.targets, ({ name, ...target }) => loneReverse(`target ${name}`, target)) ??
    loneReverse("discovery", state.discovery ?? {}) ??
    repeated("schedule", (state.schedules ?? []).map(nameOf)) ??
    firstOf(state.schedules ?? [], (schedule) => inconsistencyOfSchedule(schedule, state)) ??
    overLimit(state);
}

function inconsistencyOfDisk(disk: DeclaredDisk, state: DeclaredState): string | undefined {
  const { name, path, format, size, assignments } = disk;
  if ((format === "mem") !== (path === undefined)) {
    return `disk ${name}: a disk of format ${format} ${
      path === undefined ? "needs a" : "has no"
    } path`;
  }
  if (path !== undefined && isExportUrl(path) !== (format === "nbd")) {
    return `disk ${name}: ${path} is no place for a disk of format ${format}`;
  }
  if (path !== undefined && format !== "nbd" && !isAbsolute(path)) {
    return `disk ${name}: its path ${path} is not absolute`;
  }
  if (disk.type !== undefined && format !== "vhd") {
    return `disk ${name}: only a VHD has a type, such as ${disk.type}`;
  }
  if ((disk.type === "differencing") !== (disk.parent !== undefined)) {
    return `disk ${name}: a parent goes with the type differencing`;
  }
  if (disk.physicalBlockLength < disk.logicalBlockLength) {
    return `disk ${name}: its physical block is smaller than its logical one`;
  }
  if (size % disk.logicalBlockLength !== 0) return `disk ${name}: its size is not whole blocks`;
  if (assignments.length > 1 && !disk.shared) {
    return `disk ${name}: it has several targets and is not shared`;
  }
  const unknown = assignments.find(({ target }) => state.targets.every((it) => it.name !== target));
  if (unknown !== undefined) return `disk ${name}: there is no target ${unknown.target}`;
  return repeated(`disk ${name}: assignment to target`, assignments.map(({ target }) => target));
}

function inconsistencyOfSchedule(
  { name, kind, disks, directory }: DeclaredSchedule,
  state: DeclaredState,
): string | undefined {
  if ((kind === "backup") !== (directory !== undefined)) {
    return `schedule ${name}: a directory goes with backups`;
  }
  if (directory !== undefined && !isAbsolute(directory)) {
    return `schedule ${name}: its directory ${directory} is not absolute`;
  }
  for (const disk of disks) {
    const found = state.disks.find((each) => each.name === disk);
    if (found === undefined) return `schedule ${name}: there is no disk ${disk}`;
    const [why] = whyNoSnapshots(found) ?? [];
    if (why !== undefined) return `schedule ${name}: disk ${disk} is ${why}`;
  }
  return repeated(`schedule ${name}: disk`, disks);
}

function loneReverse(
  what: string,
  { chap, reverseChap }: DeclaredAuthentication,
): string | undefined {
  if (reverseChap === undefined || chap !== undefined) return undefined;
  return `${what}: reverse CHAP goes with CHAP alone`;
}

function lunsOf({ assignments }: DeclaredDisk): string[] {
  return assignments.map(({ target, lun }) => `${lun} of target ${target}`);
}

/** What shows a snapshot has that one's file. */
function ownFiles({ path, chain }: DeclaredDisk): string[] {
  const kept = chain?.snapshots.map((each) => each.path) ?? [];
  return path === undefined || chain?.readOnly ? kept : [path, ...kept];
}

function nameOf({ name }: { readonly name: string }): string {
  return name;
}

function repeated(what: string, values: readonly string[]): string | undefined {
  const seen = new Set<string>();
  for (const value of values) {
    if (seen.has(value)) return `${what} ${value} is there twice`;
    seen.add(value);
  }
  return undefined;
}

function firstOf<T>(items: readonly T[], judge: (item: T) => string | undefined) {
  for (const item of items) {
    const verdict = judge(item);
    if (verdict !== undefined) return verdict;
  }
  return undefined;
}
