/** What the API takes and tells about snapshots. */
import { z } from "@hono/zod-openapi";
import type { BackupFacts, SnapshotFacts, SnapshotLimitFacts } from "../config/snapshot_control.ts";
import { ATTACH_WAYS } from "../nbd/attach/way.ts";
import { PageQuery } from "./inputs.ts";
import { KeepBody } from "./schedule_schemas.ts";

const name = z.string().max(300);
const text = z.string().max(4096);
const count = z.int().nonnegative();

export const Snapshot = z.strictObject({
  name: z.string(),
  disk: z.string(),
  uuid: z.string(),
  takenAt: z.string(),
  description: z.string(),
  state: z.enum(["ready", "deleting"]),
  size: count,
  space: count.nullable(),
  path: z.string(),
  schedule: z.string().nullable(),
  backup: z.string().nullable(),
  attached: z.array(z.string()),
}).openapi("Snapshot") satisfies z.ZodType<SnapshotFacts>;

export const SnapshotLimit = z.strictObject({
  disk: z.string(),
  limit: count.nullable(),
  space: count.nullable(),
}).openapi("SnapshotLimit") satisfies z.ZodType<SnapshotLimitFacts>;

export const Backup = z.strictObject({
  id: z.string(),
  disk: z.string(),
  takenAt: z.string(),
  description: z.string(),
  size: count,
  kind: z.enum(["full", "incremental"]),
  stored: count,
  read: count.nullable(),
  path: z.string(),
}).openapi("Backup") satisfies z.ZodType<BackupFacts>;

export const NewBackupBody = z.strictObject({
  disk: name,
  directory: text,
  full: z.boolean().optional(),
  description: text.optional(),
  inPlace: z.boolean().optional(),
  noBase: z.boolean().optional(),
  keep: KeepBody.optional(),
  timeZone: text.optional(),
}).openapi("NewBackup");

export const PruneBody = z.strictObject({
  disk: name,
  keep: KeepBody,
  timeZone: text.optional(),
  schedule: name.optional(),
  dryRun: z.boolean().optional(),
}).openapi("PruneSnapshots");

export const RestoreOverBody = z.strictObject({
  disk: name,
  directory: text,
  of: name.optional(),
  backup: name.optional(),
  force: z.boolean().optional(),
  discard: z.boolean().optional(),
}).openapi("RestoreOver");

export const SnapshotPath = z.strictObject({ name });
export const SnapshotsQuery = PageQuery.extend({ disk: name.optional() });

export const NewSnapshotBody = z.strictObject({
  disks: z.array(name).max(4096),
  group: z.boolean().optional(),
  name: name.optional(),
  description: text.optional(),
}).openapi("NewSnapshot");

export const SnapshotLimitBody = z.strictObject({
  disk: name,
  limit: z.int().positive().nullable().optional(),
}).openapi("NewSnapshotLimit");

export const DeleteSnapshotBody = z.strictObject({ wait: z.boolean().optional() })
  .openapi("DeleteSnapshot");

export const RollBackBody = z.strictObject({
  force: z.boolean().optional(),
  discard: z.boolean().optional(),
}).openapi("RollBack");

export const ExportSnapshotBody = z.strictObject({ path: text }).openapi("ExportSnapshot");

export const AttachBody = z.strictObject({
  target: name.optional(),
  way: z.enum(ATTACH_WAYS).optional(),
  writable: z.boolean().optional(),
  name: name.optional(),
  lun: z.number().optional(),
}).openapi("AttachSnapshot");
