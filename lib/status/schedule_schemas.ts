/** What the API takes and tells about schedules. */
import { z } from "@hono/zod-openapi";
import type { ScheduleFacts } from "../config/schedule_control.ts";
import { PageQuery } from "./inputs.ts";

const name = z.string().max(300);
const text = z.string().max(4096);
const kind = z.enum(["snapshot", "backup"]);
const kept = z.int().positive().nullable();

export const KeepBody = z.strictObject({
  last: z.number().optional(),
  hourly: z.number().optional(),
  daily: z.number().optional(),
  weekly: z.number().optional(),
  monthly: z.number().optional(),
}).openapi("Keep");

export const Schedule = z.strictObject({
  name: z.string(),
  kind,
  disks: z.array(z.string()),
  cron: z.string(),
  timeZone: z.string().nullable(),
  group: z.boolean(),
  directory: z.string().nullable(),
  keep: z.strictObject({ last: kept, hourly: kept, daily: kept, weekly: kept, monthly: kept }),
  state: z.enum(["waiting", "running", "failed", "stopped"]),
  nextRun: z.string().nullable(),
  lastRun: z.strictObject({
    startedAt: z.string(),
    endedAt: z.string(),
    failure: z.string().nullable(),
  }).nullable(),
}).openapi("Schedule") satisfies z.ZodType<ScheduleFacts>;

export const SchedulesQuery = PageQuery.extend({ kind: kind.optional() });

export const NewScheduleBody = z.strictObject({
  kind,
  disks: z.array(name).max(4096),
  cron: text,
  name: name.optional(),
  timeZone: text.optional(),
  group: z.boolean().optional(),
  directory: text.optional(),
  keep: KeepBody.optional(),
}).openapi("NewSchedule");

export const SetScheduleBody = z.strictObject({
  name,
  kind: kind.optional(),
  disks: z.array(name).max(4096).optional(),
  cron: text.optional(),
  timeZone: text.nullable().optional(),
  directory: text.optional(),
  keep: KeepBody.optional(),
}).openapi("SetSchedule");

export const RemoveScheduleBody = z.strictObject({ name, kind: kind.optional() })
  .openapi("RemoveSchedule");
