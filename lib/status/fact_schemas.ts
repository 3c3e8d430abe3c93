/**
 * The facts as zod schemas, for the OpenAPI document; the compiler holds them to the facts' own
 * types.
 */
import { z } from "@hono/zod-openapi";
import { ATTACH_WAYS } from "../nbd/attach/way.ts";
import type { EventFacts } from "../events/event_facts.ts";
import type {
  AuthenticationFacts,
  CheckedDisk,
  CounterFacts,
  DeletedTarget,
  DiskAttachmentFacts,
  DiskCounterFacts,
  DiskFacts,
  EndedSession,
  ExportFacts,
  FindingFacts,
  IsnsServerFacts,
  LimitFacts,
  PlanFacts,
  RemovedDisk,
  SessionFacts,
  StatusFacts,
  TargetFacts,
  TargetPortalFacts,
  VersionFacts,
  VisitorFacts,
} from "../config/facts.ts";

const count = z.int().nonnegative();

const Counters = z.strictObject({
  commands: count,
  octetsRead: count,
  octetsWritten: count,
}).openapi("Counters") satisfies z.ZodType<CounterFacts>;

const DiskCounters = z.strictObject({
  reads: count,
  octetsRead: count,
  writes: count,
  octetsWritten: count,
  flushes: count,
  unmaps: count,
  octetsUnmapped: count,
  errors: count,
}).openapi("DiskCounters") satisfies z.ZodType<DiskCounterFacts>;

const DiskState = z.enum(["ready", "failed", "stopped"]);

const Lun = z.strictObject({
  lun: count,
  disk: z.string(),
  size: count,
  readOnly: z.boolean(),
  state: DiskState,
}).openapi("Lun");

const authentication = {
  chap: z.strictObject({ user: z.string(), algorithms: z.array(z.string()) }).nullable(),
  reverseChap: z.strictObject({ user: z.string() }).nullable(),
};

export const Authentication = z.strictObject(authentication)
  .openapi("Authentication") satisfies z.ZodType<AuthenticationFacts>;

export const Target = z.strictObject({
  name: z.string(),
  iqn: z.string(),
  description: z.string(),
  allow: z.array(z.string()),
  ...authentication,
  state: z.enum(["logged-in", "idle", "stopped"]),
  sessions: count,
  luns: z.array(Lun),
  counters: Counters,
}).openapi("Target") satisfies z.ZodType<TargetFacts>;

const Assignment = z.strictObject({
  target: z.string(),
  lun: count,
  readOnly: z.boolean(),
}).openapi("Assignment");

const DiskAttachment = z.strictObject({
  readOnly: z.boolean(),
  way: z.enum(ATTACH_WAYS).nullable(),
  url: z.string().nullable(),
  path: z.string().nullable(),
  clients: count,
  mounts: z.array(z.string()),
}).openapi("DiskAttachment") satisfies z.ZodType<DiskAttachmentFacts>;

export const Disk = z.strictObject({
  name: z.string(),
  path: z.string().nullable(),
  format: z.enum(["vhd", "raw", "mem", "nbd"]),
  type: z.enum(["fixed", "dynamic", "differencing"]).nullable(),
  parent: z.string().nullable(),
  uuid: z.string(),
  size: count,
  allocated: count.nullable(),
  logicalBlockLength: count,
  physicalBlockLength: count,
  sparse: z.boolean(),
  removable: z.boolean(),
  shared: z.boolean(),
  description: z.string(),
  state: DiskState,
  failure: z.string().nullable(),
  assignments: z.array(Assignment),
  attached: DiskAttachment.nullable(),
  counters: DiskCounters,
}).openapi("Disk") satisfies z.ZodType<DiskFacts>;

const Digest = z.enum(["CRC32C", "None"]);

const Connection = z.strictObject({
  id: count,
  peer: z.string(),
  portal: z.string(),
  headerDigest: Digest,
  dataDigest: Digest,
}).openapi("Connection");

export const Session = z.strictObject({
  id: z.string(),
  tsih: count,
  target: z.string(),
  iqn: z.string(),
  initiator: z.string(),
  alias: z.string(),
  chapUser: z.string().nullable(),
  isid: z.string(),
  portalGroup: count,
  since: z.string(),
  ageSeconds: count,
  connections: z.array(Connection),
  outstandingTasks: count,
  counters: Counters,
}).openapi("Session") satisfies z.ZodType<SessionFacts>;

export const Portal = z.strictObject({ address: z.string(), port: count }).openapi("Portal");

export const IsnsServer = z.strictObject({
  address: z.string(),
  port: count,
  state: z.enum(["registered", "idle", "connecting", "absent", "stopped"]),
  targets: count.nullable(),
  portals: z.array(z.strictObject({ address: z.string(), port: count, group: count })),
  error: z.string().nullable(),
}).openapi("IsnsServer") satisfies z.ZodType<IsnsServerFacts>;

export const TargetPortal = z.strictObject({
  address: z.string(),
  port: count,
  group: count,
  advertise: z.string().nullable(),
  declared: z.boolean(),
  state: z.enum(["listening", "absent", "unused", "stopped"]),
  sessions: count,
}).openapi("TargetPortal") satisfies z.ZodType<TargetPortalFacts>;

export const Status = z.strictObject({
  running: z.boolean(),
  version: z.string(),
  stateDirectory: z.string(),
  pid: z.int().nullable(),
  startedAt: z.string().nullable(),
  portals: z.array(Portal),
  isns: z.array(IsnsServer),
  http: Portal.nullable(),
  discovery: Authentication,
  targets: count,
  disks: count,
  attached: count,
  sessions: count,
  counters: Counters,
  problems: z.array(z.string()),
}).openapi("Status") satisfies z.ZodType<StatusFacts>;

export const Version = z.strictObject({
  version: z.string(),
  deno: z.string(),
  platform: z.string(),
}).openapi("Version") satisfies z.ZodType<VersionFacts>;

export const DeletedTargetFacts = z.strictObject({
  name: z.string(),
  iqn: z.string(),
  sessionsEnded: count,
}).openapi("DeletedTarget") satisfies z.ZodType<DeletedTarget>;

export const EndedSessionFacts = z.strictObject({
  id: z.string(),
  target: z.string(),
  initiator: z.string(),
  loggedOut: z.boolean(),
}).openapi("EndedSession") satisfies z.ZodType<EndedSession>;

export const RemovedDiskFacts = z.strictObject({
  name: z.string(),
  path: z.string().nullable(),
  fileDeleted: z.boolean(),
}).openapi("RemovedDisk") satisfies z.ZodType<RemovedDisk>;

export const Limit = z.strictObject({
  name: z.string(),
  about: z.string(),
  unit: z.enum(["count", "seconds", "octets"]),
  value: count,
  standard: count,
  least: count,
  most: count,
  used: count.nullable(),
}).openapi("Limit") satisfies z.ZodType<LimitFacts>;

export const Visitor = z.strictObject({
  initiator: z.string(),
  address: z.string(),
  target: z.string().nullable(),
  admitted: z.boolean(),
  reason: z.string().nullable(),
  firstSeen: z.string(),
  lastSeen: z.string(),
  visits: count,
}).openapi("Visitor") satisfies z.ZodType<VisitorFacts>;

const Event = z.strictObject({
  sequence: count,
  at: z.string(),
  kind: z.string(),
  data: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])),
  source: z.string(),
  id: count,
  severity: z.enum(["info", "warning", "error"]),
  text: z.string(),
  cause: z.string(),
  remedy: z.string(),
}).openapi("Event") satisfies z.ZodType<EventFacts>;

export const Events = z.strictObject({
  events: z.array(Event),
  next: count,
  more: z.boolean(),
}).openapi("Events");

export const Export = z.strictObject({
  document: z.record(z.string(), z.unknown()),
  secret: z.boolean(),
}).openapi("Export") satisfies z.ZodType<ExportFacts>;

const FieldChange = z.strictObject({
  field: z.string(),
  from: z.unknown(),
  to: z.unknown(),
}).openapi("FieldChange");

const PlanStep = z.strictObject({
  action: z.enum(["add", "change", "remove"]),
  object: z.enum(["target", "disk", "server"]),
  name: z.string(),
  changes: z.array(FieldChange),
  file: z.strictObject({
    path: z.string(),
    action: z.enum(["created", "imported", "extended", "kept"]),
  }).nullable(),
  sessions: z.array(z.strictObject({
    effect: z.enum(["ends", "loses-disks"]),
    id: z.string(),
    initiator: z.string(),
    from: z.array(z.string()),
  })),
  loss: z.string().nullable(),
}).openapi("PlanStep");

export const Plan = z.strictObject({
  applied: z.boolean(),
  digest: z.string(),
  steps: z.array(PlanStep),
}).openapi("Plan") satisfies z.ZodType<PlanFacts>;

export const ErrorAnswer = z.strictObject({
  error: z.strictObject({
    kind: z.enum(["failed", "usage", "in-use", "not-found", "permission", "unreachable"]),
    message: z.string(),
    nextStep: z.string().nullable(),
    place: z.array(z.union([z.string(), count])).nullable(),
  }),
}).openapi("Error");

/** What a change answers. */
export function changed(facts: z.ZodType): z.ZodType {
  return z.strictObject({ facts, notices: z.array(z.string()) });
}

/** A part of a list; `next` is the offset at which the following part begins. */
export function page(item: z.ZodType): z.ZodType {
  return z.strictObject({ items: z.array(item), next: z.int().nullable() });
}

const Finding = z.strictObject({
  kind: z.string(),
  path: z.string(),
  at: count,
  severity: z.enum(["note", "flaw", "risk"]),
  repairable: z.boolean(),
  message: z.string(),
}).openapi("Finding") satisfies z.ZodType<FindingFacts>;

export const Checked = z.strictObject({
  path: z.string(),
  format: z.enum(["fixed", "dynamic", "differencing", "raw", "unknown"]),
  size: count.nullable(),
  parents: z.array(z.string()),
  findings: z.array(Finding),
  repaired: z.array(Finding),
  verdict: z.enum(["sound", "flawed", "at-risk"]),
  served: z.boolean(),
}).openapi("CheckedDisk") satisfies z.ZodType<CheckedDisk>;
