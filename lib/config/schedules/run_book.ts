/**
 * The file in which the last runs of schedules outlive the service, by the schedules' names. What
 * in it is not understood is passed over.
 */
import { replaceFile } from "../../block/durable_file.ts";
import type { DeclaredSchedule } from "../schema.ts";

export interface LastRun {
  /** ISO 8601 in UTC, as every time here. */
  readonly startedAt: string;
  readonly endedAt: string;
  /** Why it failed; null: it went well. */
  readonly failure: string | null;
}

export interface RunRecord {
  /** Of which schedule: one of that name that runs at other times is another. */
  readonly of: string;
  /** Its times until then are not to be run any more. */
  readonly handled: string;
  readonly last: LastRun | null;
}

export type RunRecords = ReadonlyMap<string, RunRecord>;

/** A longer file is not ours. */
const MOST_OCTETS = 4 << 20;

/** What makes its times. */
export function identityOf({ kind, cron, timeZone }: DeclaredSchedule): string {
  return [kind, cron, timeZone ?? ""].join(" ");
}

export async function readRuns(path: string): Promise<RunRecords> {
  let data: unknown;
  try {
    if ((await Deno.stat(path)).size > MOST_OCTETS) return new Map();
    data = JSON.parse(await Deno.readTextFile(path));
  } catch (error) {
    if (error instanceof Deno.errors.NotFound || error instanceof SyntaxError) return new Map();
    throw error;
  }
  if (typeof data !== "object" || data === null) return new Map();
  return new Map(
    Object.entries(data).filter((entry): entry is [string, RunRecord] => isRecord(entry[1])),
  );
}

export async function writeRuns(path: string, records: RunRecords): Promise<void> {
  const text = `${JSON.stringify(Object.fromEntries(records), null, 2)}\n`;
  await replaceFile(path, new TextEncoder().encode(text));
}

function isRecord(value: unknown): value is RunRecord {
  if (typeof value !== "object" || value === null) return false;
  const { of, handled, last } = value as Partial<Record<keyof RunRecord, unknown>>;
  return typeof of === "string" && isTime(handled) && (last === null || isLastRun(last));
}

function isLastRun(value: unknown): value is LastRun {
  if (typeof value !== "object" || value === null) return false;
  const { startedAt, endedAt, failure } = value as Partial<Record<keyof LastRun, unknown>>;
  return isTime(startedAt) && isTime(endedAt) && (failure === null || typeof failure === "string");
}

function isTime(value: unknown): boolean {
  return typeof value === "string" && !Number.isNaN(Date.parse(value));
}
