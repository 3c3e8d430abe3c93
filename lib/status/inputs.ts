/**
 * What the API takes. Only the shapes are judged here, and that nothing is boundless; what the
 * values mean is judged by the operations, in the same words as for a command that works without
 * the service.
 */
import { z } from "@hono/zod-openapi";
import { ATTACH_WAYS } from "../nbd/attach/way.ts";

const name = z.string().max(300);
const text = z.string().max(4096);
const octets = z.number();

export const TargetPath = z.strictObject({ name });
export const DiskPath = z.strictObject({ name });

const yes = z.enum(["true", "false"]).transform((value) => value === "true");

export const ForceQuery = z.strictObject({ force: yes.optional() });
export const ForceBody = z.strictObject({ force: z.boolean().optional() }).openapi("Force");
export const RemoveQuery = z.strictObject({ deleteFile: yes.optional() });

/** Items that one answer carries at most. */
const MOST_ITEMS = 500;

export const PageQuery = z.strictObject({
  offset: z.coerce.number().int().min(0).default(0),
  limit: z.coerce.number().int().min(1).max(MOST_ITEMS).default(100),
});
export const SessionsQuery = PageQuery.extend({ target: name.optional() });

export const DisconnectBody = z.strictObject({
  ids: z.array(name).max(65_536).optional(),
  target: name.optional(),
  all: z.boolean().optional(),
  waitSeconds: z.number().optional(),
}).openapi("Disconnect");
export const LimitsBody = z.strictObject({
  changes: z.record(name, z.number().nullable()),
}).openapi("LimitChanges");

/** How long an answer is held back, at most; a client gives up later. */
const MOST_WAIT_MS = 30_000;

export const EventsQuery = z.strictObject({
  after: z.coerce.number().int().min(0).optional(),
  since: z.coerce.number().optional(),
  source: name.optional(),
  limit: z.coerce.number().int().min(1).max(MOST_ITEMS).optional(),
  waitMs: z.coerce.number().min(0).max(MOST_WAIT_MS).optional(),
});

const portal = { address: text, port: z.number() };

export const NewPortalBody = z.strictObject({
  ...portal,
  group: z.number().optional(),
  advertise: text.optional(),
}).openapi("NewPortal");

export const PortalChangesBody = z.strictObject({
  portal: z.strictObject(portal),
  address: text.optional(),
  port: z.number().optional(),
  group: z.number().optional(),
  advertise: text.nullable().optional(),
}).openapi("PortalChanges");

export const PortalBody = z.strictObject(portal).openapi("PortalPlace");

export const NewTargetBody = z.strictObject({
  name,
  iqn: text.optional(),
  description: text.optional(),
  allow: z.array(text).max(4096).optional(),
}).openapi("NewTarget");

export const TargetChangesBody = z.strictObject({
  name: name.optional(),
  iqn: text.optional(),
  description: text.optional(),
}).openapi("TargetChanges");

export const IdsBody = z.strictObject({ ids: z.array(text).max(4096) }).openapi("InitiatorIds");

/** Never in a path or a query, which are logged along the way. */
export const ReverseChapBody = z.strictObject({
  user: text,
  secret: text,
  longSecret: z.boolean().optional(),
}).openapi("ReverseChap");

export const ChapBody = ReverseChapBody.extend({
  algorithms: z.array(text).max(16).optional(),
}).openapi("Chap");

const blockLengths = {
  logicalBlockLength: octets.optional(),
  physicalBlockLength: octets.optional(),
};

export const NewDiskBody = z.strictObject({
  path: text.optional(),
  memory: name.optional(),
  type: z.enum(["fixed", "dynamic", "differencing"]).optional(),
  parent: text.optional(),
  size: octets.optional(),
  name: name.optional(),
  sparse: z.boolean().optional(),
  target: name.optional(),
  shared: z.boolean().optional(),
  description: text.optional(),
  ...blockLengths,
  removable: z.boolean().optional(),
}).openapi("NewDisk");

export const ImportedDiskBody = z.strictObject({
  path: text,
  parent: text.optional(),
  force: z.boolean().optional(),
  name: name.optional(),
  description: text.optional(),
  ...blockLengths,
}).openapi("ImportedDisk");

export const AssignBody = z.strictObject({
  target: name,
  lun: z.number().optional(),
  readOnly: z.boolean().optional(),
  shared: z.boolean().optional(),
}).openapi("Assign");

export const CheckBody = z.strictObject({
  repair: z.boolean().optional(),
  parent: text.optional(),
}).openapi("CheckDisk");

export const ExtendBody = z.strictObject({
  by: octets.optional(),
  to: octets.optional(),
}).openapi("Extend");

export const MoveBody = z.strictObject({
  target: name,
  from: name.optional(),
  lun: z.number().optional(),
  force: z.boolean().optional(),
}).openapi("Move");

export const AttachDiskBody = z.strictObject({
  readOnly: z.boolean().optional(),
  way: z.enum(ATTACH_WAYS).optional(),
}).openapi("AttachDisk");

export const DiskChangesBody = z.strictObject({
  name: name.optional(),
  description: text.optional(),
  shared: z.boolean().optional(),
  readOnly: z.boolean().optional(),
}).openapi("DiskChanges");

export const UnassignBody = z.strictObject({
  target: name.optional(),
  force: z.boolean().optional(),
}).openapi("Unassign");

/** Names with commas between; a name has none. */
const names = z.string().max(16_384).transform((text) => text.split(","));

export const ExportQuery = z.strictObject({ targets: names.optional() });
export const SecretExportBody = z.strictObject({ targets: z.array(name).max(4096).optional() })
  .openapi("SecretExport");

export const ApplyBody = z.strictObject({
  /** Judged by what reads it, with the place of what is wrong. */
  document: z.unknown(),
  dryRun: z.boolean().optional(),
  prune: z.boolean().optional(),
  force: z.boolean().optional(),
  agreed: z.string().max(100).optional(),
}).openapi("Apply");
