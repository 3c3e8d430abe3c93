/**
 * What there is to each field of a document: a row a field. One that is added to the declared state
 * needs a row here, which the compiler asks for, and nothing else.
 */
import { z } from "zod";
import { CHAP_ALGORITHMS } from "../../iscsi/chap/algorithm.ts";
import { checkChapUser } from "../chap_user.ts";
import { ControlError } from "../control_error.ts";
import { checkDescription } from "../description.ts";
import { checkInitiatorIds } from "../initiator_id.ts";
import { checkIscsiName } from "../iscsi_name.ts";
import { checkServerHost, MOST_ISNS_SERVERS, NEW_ISNS_SERVER } from "../isns_servers.ts";
import { LIMIT_NAMES, type LimitName, limitRow, LIMITS, MOST_OBJECTS } from "../limits.ts";
import { checkName } from "../names.ts";
import { checkPath } from "../operations/declare_disk.ts";
import { checkAdvertised, checkPortalAddress, NEW_PORTAL } from "../portals.ts";
import { checkSnapshotSpace } from "../operations/limit_snapshots.ts";
import { checkLimit } from "../operations/set_limits.ts";
import { checkCron, checkTimeZone } from "../schedules/check_schedule.ts";
import {
  type DeclaredIsnsServer,
  type DeclaredPortal,
  type DeclaredSchedule,
  DeclaredState,
  MOST_SCHEDULES,
  SecretReference,
} from "../schema.ts";
import { exactSize, parseSize } from "../size.ts";
import { checked } from "./checked.ts";
import type {
  WholeAuthentication,
  WholeChap,
  WholeDisk,
  WholeDocument,
  WholeLun,
  WholeReverseChap,
  WholeTarget,
} from "./document.ts";
import { type Field, objectOf } from "./object_of.ts";
import { overlaid } from "./overlaid.ts";

type Fields<T> = Readonly<Record<keyof T & string, Field>>;

const state = DeclaredState.shape;
const target = state.targets.element.shape;
const disk = state.disks.element.shape;
const assignment = disk.assignments.element.shape;
const chap = target.chap.unwrap().shape;
const discovery = state.discovery.unwrap().shape;
const portal = state.portals.unwrap().element.shape;
const isnsServer = state.isnsServers.unwrap().element.shape;
const limits = state.limits.unwrap().shape;
const schedule = state.schedules.unwrap().element.shape;
const keep = schedule.keep.shape;

const NAME = { pattern: "^[a-z0-9][a-z0-9._-]{0,63}$" };
const SIZE = { pattern: "^[0-9]+(\\.[0-9]+)? *[BbKkMmGgTtPp]([Ii][Bb])?$" };

const identifiers = z.array(checked((id) => checkInitiatorIds([id])[0]!))
  .max(MOST_OBJECTS)
  .transform((ids) => [...new Set(ids)]);

const algorithms = chap.algorithms.transform((given) =>
  CHAP_ALGORITHMS.map(({ name }) => name).filter((name) => given.includes(name))
);

const REVERSE_CHAP_FIELDS: Fields<WholeReverseChap> = {
  user: {
    about: "Who proves itself: any text, by custom its iSCSI name",
    written: checked(checkChapUser),
  },
  secret: {
    about: "The secret itself, 12 to 16 octets; the one there is stays without",
    written: z.string(),
  },
  secretReference: {
    about: "Instead of a secret: the one that this server keeps under the reference",
    written: SecretReference,
  },
  longSecret: { about: "The secret may have up to 255 octets, which few initiators take" },
};

const CHAP_FIELDS: Fields<WholeChap> = {
  ...REVERSE_CHAP_FIELDS,
  algorithms: {
    about: "The hash functions that will do; all of them without",
    written: algorithms,
  },
};

const AUTHENTICATION_FIELDS: Fields<WholeAuthentication> = {
  chap: {
    about: "What initiators must prove by CHAP; null for nothing",
    secret: true,
    fields: CHAP_FIELDS,
    written: objectOf(CHAP_FIELDS, chap),
  },
  reverseChap: {
    about: "What is proved to initiators, with another secret; null for nothing",
    secret: true,
    fields: REVERSE_CHAP_FIELDS,
    written: objectOf(REVERSE_CHAP_FIELDS, chap),
  },
};

export const LUN_FIELDS: Fields<WholeLun> = {
  disk: {
    about: "The name of the disk behind it",
    written: checked((name) => checkName("disk", name), NAME),
  },
  lun: { about: "Its number; for a disk that has none yet, the lowest that is free" },
  readOnly: { about: "Writes through this target are refused" },
};

export const TARGET_FIELDS: Fields<WholeTarget> = {
  name: {
    about: "Its name on this server",
    written: checked((name) => checkName("target", name), NAME),
  },
  iqn: {
    about: "Its iSCSI name; made of the host's name and its own for a new target without one",
    written: checked(checkIscsiName),
  },
  description: {
    about: "What it is for; initiators see it as the target's alias",
    written: checked(checkDescription),
  },
  allow: {
    about: "Who may log in: iqn:NAME, dns:HOST, ip:ADDRESS, mac:ADDRESS or any",
    written: identifiers,
  },
  ...AUTHENTICATION_FIELDS,
  luns: {
    about: "All disks that it has; disks that are not listed are taken away from it",
    fields: LUN_FIELDS,
    written: z.array(objectOf(LUN_FIELDS, assignment, ["disk"])).max(MOST_OBJECTS),
  },
};

export const DISK_FIELDS: Fields<WholeDisk> = {
  name: {
    about: "Its name on this server",
    written: checked((name) => checkName("disk", name), NAME),
  },
  format: { about: "What its file is; told by the file or its name without", fixed: true },
  path: {
    about: "Its file: imported where it exists, else created; none for a disk in memory",
    written: checked(checkPath),
    fixed: true,
  },
  type: { about: "How a VHD grows: fixed, dynamic or differencing; fixed without", fixed: true },
  parent: {
    about: "The file of which a differencing VHD is a child",
    written: checked(checkPath),
    fixed: true,
  },
  uuid: {
    about: "Initiators know the disk by it; left to sanctl for a new disk without one",
    written: checked(checkUuid, { format: "uuid" }),
    fixed: true,
  },
  size: {
    about: "Its capacity with a unit, such as 512M or 20G; it can be made larger, never smaller",
    // A bare number is YAML's, and is told that it needs a unit.
    written: z.preprocess(
      (size) => typeof size === "number" ? `${size}` : size,
      checked(parseSize, SIZE),
    ),
    write: exactSize,
  },
  logicalBlockLength: { about: "The block length that initiators address it by", fixed: true },
  physicalBlockLength: {
    about: "The block length of its medium, as initiators are told",
    fixed: true,
  },
  sparse: { about: "Its file takes space only as it is written", fixed: true },
  removable: { about: "It is presented as a removable medium", fixed: true },
  shared: { about: "Several initiators may write it: they must know how to share" },
  description: { about: "What it is for", written: checked(checkDescription) },
  snapshotSpace: {
    about: "What its snapshots may take, such as 50G; null for as much as there is",
    written: z.preprocess(
      (size) => typeof size === "number" ? `${size}` : size,
      checked((text) => checkSnapshotSpace(parseSize(text)), SIZE),
    ),
    write: sizeOrNull,
  },
};

const PORTAL_FIELDS: Fields<DeclaredPortal> = {
  address: {
    about: "An IP address of the server; :: for every one, 0.0.0.0 for those of IPv4",
    written: checked(checkPortalAddress),
  },
  port: { about: "The TCP port; 3260 without" },
  group: { about: "The portal group tag; 1 without" },
  advertise: {
    about: "HOST:PORT that initiators are told instead, behind NAT for one; null for the address",
    written: checked(checkAdvertised).nullable(),
  },
};

const portals = z.array(objectOf(PORTAL_FIELDS, portal, ["address"])).min(1).max(
  LIMITS.portals.most,
)
  .transform((given) => given.map((each) => ({ ...NEW_PORTAL, ...each as object })));

const KEEP_FIELDS: Fields<Required<DeclaredSchedule["keep"]>> = {
  last: { about: "The latest ones" },
  hourly: { about: "Of so many hours that have any, the latest one each" },
  daily: { about: "Of so many days, the latest one each" },
  weekly: { about: "Of so many weeks, which begin on Monday, the latest one each" },
  monthly: { about: "Of so many months, the latest one each" },
};

const SCHEDULE_FIELDS: Fields<Required<DeclaredSchedule>> = {
  name: {
    about: "Its name on this server",
    written: checked((name) => checkName("schedule", name), NAME),
  },
  kind: { about: "What it makes: snapshot or backup" },
  disks: { about: "The names of the disks that it makes them of" },
  cron: {
    about: "When: minute hour day month weekday, or @hourly, @daily, @weekly, @monthly",
    written: checked((cron) => checkCron(cron)),
  },
  timeZone: {
    about: "The time zone that it goes by, such as Europe/Berlin; null for the machine's",
    written: checked(checkTimeZone),
  },
  group: { about: "Snapshots of all the disks are of one moment" },
  directory: { about: "Where backups are kept: with those alone", written: checked(checkPath) },
  keep: {
    about: "How many are kept of what it makes; all of them without, which snapshots cannot be",
    fields: KEEP_FIELDS,
    written: objectOf(KEEP_FIELDS, keep).transform((given) => overlaid({}, given as object)),
  },
};

const schedules = z.array(
  objectOf(SCHEDULE_FIELDS, schedule, ["name", "kind", "disks", "cron"]),
).max(MOST_SCHEDULES).transform((given) =>
  given.map((each) => overlaid({ group: false, keep: {} }, each as object))
);

const ISNS_SERVER_FIELDS: Fields<DeclaredIsnsServer> = {
  address: {
    about: "Its address, or its host name",
    written: checked(checkServerHost),
  },
  port: { about: "The TCP port; 3205 without" },
};

const isnsServers = z.array(objectOf(ISNS_SERVER_FIELDS, isnsServer, ["address"])).min(1)
  .max(MOST_ISNS_SERVERS)
  .transform((given) => given.map((each) => ({ ...NEW_ISNS_SERVER, ...each as object })));

const LIMIT_FIELDS = Object.fromEntries(LIMIT_NAMES.map((name) => [name, limitField(name)]));

export const SERVER_FIELDS: Fields<WholeDocument> = {
  version: { about: "The version of this format" },
  iqnBase: { about: "What the iSCSI names of new targets begin with" },
  portals: {
    about: "Where the service listens; null for every address, port 3260",
    fields: PORTAL_FIELDS,
    written: portals,
  },
  isnsServers: {
    about: "Name servers that initiators can find the targets by; null for none",
    fields: ISNS_SERVER_FIELDS,
    written: isnsServers,
  },
  discovery: {
    about: "What is proved before targets are discovered; null for nothing",
    secret: true,
    fields: AUTHENTICATION_FIELDS,
    written: objectOf(AUTHENTICATION_FIELDS, discovery),
  },
  limits: {
    about: "How much there may be of what; null for the standard values",
    fields: LIMIT_FIELDS,
    written: objectOf(LIMIT_FIELDS, limits),
  },
  schedules: {
    about: "All that is made by itself; what is not listed is made no more",
    fields: SCHEDULE_FIELDS,
    written: schedules,
  },
  targets: {
    about: "What initiators log in to",
    fields: TARGET_FIELDS,
    written: z.array(objectOf(TARGET_FIELDS, target, ["name"])).max(MOST_OBJECTS),
  },
  disks: {
    about: "What targets offer",
    fields: DISK_FIELDS,
    written: z.array(objectOf(DISK_FIELDS, disk, ["name"])).max(MOST_OBJECTS),
  },
};

/** Octets are written as a size; what is out of range is told in the same words. */
function limitField(name: LimitName): Field {
  const { about, unit } = limitRow(name);
  const field = { about: `${about}; null for the standard value` };
  if (unit !== "octets") return field;
  const written = checked((text) => checkLimit(name, parseSize(text)), SIZE);
  return { ...field, written, write: sizeOrNull };
}

function sizeOrNull(octets: number | null): string | null {
  return octets === null ? null : exactSize(octets);
}

function checkUuid(text: string): string {
  if (z.guid().safeParse(text).success) return text.toLowerCase();
  const nextStep = "leave it out, or use the one that sanctl disk show tells";
  throw new ControlError("usage", `${JSON.stringify(text)} is not a UUID`, nextStep);
}
