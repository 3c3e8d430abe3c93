/**
 * The declared state: what the operator wants there to be. It is what the state file holds, and the
 * only thing that survives a restart of the service.
 */
import { z } from "zod";
import { CHAP_ALGORITHMS } from "../iscsi/chap/algorithm.ts";
import { ATTACH_WAYS } from "../nbd/attach/way.ts";
import { MOST_LUNS } from "../target/lun_map.ts";
import { isDescription } from "./description.ts";
import { isChapUser } from "./chap_user.ts";
import { isInitiatorId } from "./initiator_id.ts";
import { parseIscsiName } from "./iscsi_name.ts";
import { isServerHost, MOST_ISNS_SERVERS } from "./isns_servers.ts";
import { LIMIT_NAMES, type LimitName, limitRow, LIMITS, MOST_OBJECTS } from "./limits.ts";
import { isName } from "./names.ts";
import { isAdvertised, isPortalAddress } from "./portals.ts";

/** The highest LUN. */
export const MOST_LUN = MOST_LUNS - 1;
/** Snapshots of one disk: a chain has 128 files at most. */
export const MOST_SNAPSHOTS = 120;
export const MOST_SCHEDULES = 256;
/** Characters of the times that one names. */
export const MOST_CRON = 200;
/** What one rule of what is kept may say at most. */
export const MOST_KEPT = 10_000;

const name = z.string().refine(isName, "is not a name");
const description = z.string().refine(isDescription, "is not a line of at most 255 octets");
const iscsiName = z.string().refine(isNormalisedIscsiName, "is not an iSCSI name in normal form");
const initiatorId = z.string().refine(isInitiatorId, "is not an initiator identifier");
const blockLength = z.union([z.literal(512), z.literal(4096)]);

/** Where a secret stands in the file of secrets; never used for another. */
export const SecretReference = z.guid().lowercase();

const ReverseChap = z.strictObject({
  user: z.string().refine(isChapUser, "is not a CHAP user name"),
  secret: SecretReference,
  /** It may have more octets than initiators take as a rule. */
  longSecret: z.boolean(),
});

const Chap = ReverseChap.extend({
  /** What will do, the strongest first. */
  algorithms: z.array(z.enum(CHAP_ALGORITHMS.map(({ name }) => name))).min(1),
});

/** What initiators must prove, and what is proved to them. */
const authentication = { chap: Chap.optional(), reverseChap: ReverseChap.optional() };
const Authentication = z.strictObject(authentication);

const Target = z.strictObject({
  name,
  iqn: iscsiName,
  description,
  allow: z.array(initiatorId).max(MOST_OBJECTS),
  ...authentication,
});

const Portal = z.strictObject({
  address: z.string().refine(isPortalAddress, "is not an IP address in normal form"),
  port: z.int().min(1).max(0xffff),
  /** Portal group tag. */
  group: z.int().min(1).max(0xffff),
  /** `HOST:PORT` where initiators are told to come instead; null: to the address itself. */
  advertise: z.string().refine(isAdvertised, "is not HOST:PORT").nullable(),
});

/** A name server with which targets are registered. */
const IsnsServer = z.strictObject({
  address: z.string().refine(isServerHost, "is neither an address nor a host name"),
  port: z.int().min(1).max(0xffff),
});

const Assignment = z.strictObject({
  target: name,
  lun: z.int().min(0).max(MOST_LUN),
  readOnly: z.boolean(),
});

const filePath = z.string().min(1).max(4096);

/** The disk as it was at one moment: a file that nobody writes to, with those under it. */
const Snapshot = z.strictObject({
  name,
  uuid: z.guid().lowercase(),
  path: filePath,
  /** The file under it. */
  parent: filePath.optional(),
  takenAt: z.iso.datetime(),
  description,
  size: z.int().positive(),
  /** It is being merged away. */
  deleting: z.literal(true).optional(),
  /** The schedule that took it, and that it is deleted by when its time has come. */
  schedule: name.optional(),
  /** The folder of the backup that was made of it: the next one there reads what changed since. */
  backup: filePath.optional(),
});

/** What one file holds is being copied into the one under it, which then takes its place. */
const Merge = z.strictObject({
  parent: filePath,
  child: filePath,
  /** All is copied: nothing is to be opened before the place is taken. */
  replacing: z.boolean(),
});

/** The files that a disk has besides its own, and what is being done with them. */
const Chain = z.strictObject({
  /** The file under its own. */
  parent: filePath.optional(),
  /** In the order in which they were taken. */
  snapshots: z.array(Snapshot).max(MOST_SNAPSHOTS),
  /** A file that is being made for it, and is no part of it unless it is named elsewhere too. */
  unfinished: filePath.optional(),
  merge: Merge.optional(),
  /** The UUID of the snapshot, of another disk, that this disk shows, or is a clone of. */
  snapshotOf: z.guid().lowercase().optional(),
  /** Nobody may write to it. */
  readOnly: z.literal(true).optional(),
});

const Attached = z.strictObject({
  readOnly: z.boolean(),
  /** The best that the machine gives, without. */
  way: z.enum(ATTACH_WAYS).optional(),
});

const Disk = z.strictObject({
  name,
  format: z.enum(["vhd", "raw", "mem", "nbd"]),
  /** Absent for a disk in memory; the URL of an NBD export. */
  path: z.string().min(1).max(4096).optional(),
  /** How the file of a VHD grows: fixed where nothing is said. */
  type: z.enum(["fixed", "dynamic", "differencing"]).optional(),
  /** The file of which a differencing VHD is a child. */
  parent: z.string().min(1).max(4096).optional(),
  uuid: z.guid().lowercase(),
  size: z.int().positive(),
  logicalBlockLength: blockLength,
  physicalBlockLength: blockLength,
  /** Its file takes space only as it is written, and gives back what is unmapped. */
  sparse: z.boolean(),
  removable: z.boolean(),
  shared: z.boolean(),
  description,
  /** Octets that its snapshots may take; as many as there are without. */
  snapshotSpace: z.int().positive().optional(),
  assignments: z.array(Assignment).max(MOST_OBJECTS),
  /** Absent where its own file is all there is. */
  chain: Chain.optional(),
  /** Programs of this machine use it, for as long as the service runs. */
  attached: Attached.optional(),
});

const count = z.int().min(1).max(MOST_KEPT);

/** What is kept: the latest ones, and of as many hours, days, weeks, months the latest one each. */
const Keep = z.strictObject({
  last: count.optional(),
  hourly: count.optional(),
  daily: count.optional(),
  weekly: count.optional(),
  monthly: count.optional(),
});

/** What is done by itself, again and again. */
const Schedule = z.strictObject({
  name,
  kind: z.enum(["snapshot", "backup"]),
  disks: z.array(name).min(1).max(MOST_OBJECTS),
  /** Whether it is one that can be understood is for the scheduler to find out. */
  cron: z.string().min(1).max(MOST_CRON),
  /** An IANA name; absent: the machine's. */
  timeZone: z.string().min(1).max(100).optional(),
  /** Snapshots of all the disks at one moment. */
  group: z.boolean(),
  /** Where backups are kept. */
  directory: filePath.optional(),
  /** Nothing is removed where it says nothing. */
  keep: Keep,
});

const Limits = z.strictObject(
  Object.fromEntries(LIMIT_NAMES.map((name) => {
    const { least, most } = limitRow(name);
    return [name, z.int().min(least).max(most).optional()];
  })) as Record<LimitName, z.ZodOptional<z.ZodInt>>,
);

/** The whole of it; what spans several objects is judged by `inconsistency`. */
export const DeclaredState = z.strictObject({
  version: z.literal(1),
  /** What default iSCSI names begin with: `iqn.2026-11.io.sanctl:HOST`. */
  iqnBase: iscsiName,
  targets: z.array(Target).max(MOST_OBJECTS),
  disks: z.array(Disk).max(MOST_OBJECTS),
  /** Where it listens; absent: at every address, port 3260. */
  portals: z.array(Portal).min(1).max(LIMITS.portals.most).optional(),
  /** Absent: none. */
  isnsServers: z.array(IsnsServer).min(1).max(MOST_ISNS_SERVERS).optional(),
  /** For initiators that ask which targets there are. */
  discovery: Authentication.optional(),
  /** Those that have not their standard value. */
  limits: Limits.optional(),
  schedules: z.array(Schedule).min(1).max(MOST_SCHEDULES).optional(),
});

export type DeclaredState = z.infer<typeof DeclaredState>;
export type DeclaredTarget = z.infer<typeof Target>;
export type DeclaredAuthentication = z.infer<typeof Authentication>;
export type DeclaredChap = z.infer<typeof Chap>;
export type DeclaredReverseChap = z.infer<typeof ReverseChap>;
export type DeclaredPortal = z.infer<typeof Portal>;
export type DeclaredIsnsServer = z.infer<typeof IsnsServer>;
export type DeclaredDisk = z.infer<typeof Disk>;
export type DeclaredAssignment = z.infer<typeof Assignment>;
export type DeclaredAttachment = z.infer<typeof Attached>;
export type DeclaredChain = z.infer<typeof Chain>;
export type DeclaredSchedule = z.infer<typeof Schedule>;
export type DeclaredSnapshot = z.infer<typeof Snapshot>;

/** What a server that nobody has configured has. */
export function emptyState(iqnBase: string): DeclaredState {
  return { version: 1, iqnBase, targets: [], disks: [] };
}

function isNormalisedIscsiName(text: string): boolean {
  return parseIscsiName(text) === text;
}
