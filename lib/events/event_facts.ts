/** An event as it is shown: what is kept of it, with what the table of kinds says about it. */
import { type EventValue, kindOf, type Severity } from "./event_kinds.ts";
import type { Advice, Kind } from "./kind.ts";

/** What is kept of an event, a line of JSON each. */
export interface KeptEvent {
  /** Counts up, with gaps where events could not be kept. */
  readonly sequence: number;
  /** ISO 8601 in UTC. */
  readonly at: string;
  readonly kind: string;
  readonly data: Readonly<Record<string, EventValue>>;
}

export interface EventFacts extends KeptEvent {
  /** Who tells it: `target`, `disk`, `iScsiPrt`… */
  readonly source: string;
  /** Its number, which the source gives to nothing else. */
  readonly id: number;
  readonly severity: Severity;
  readonly text: string;
  readonly cause: string;
  readonly remedy: string;
}

export function eventFacts({ sequence, at, kind, data }: KeptEvent): EventFacts {
  const row = kindOf(kind);
  const told = { sequence, at, kind, data };
  if (row !== undefined) {
    const { source, id, severity, text } = row;
    const { cause, remedy } = adviceOf(row, data);
    return { ...told, source, id, severity, text: textOf(text, data), cause, remedy };
  }
  return {
    ...told,
    source: "unknown",
    id: 0,
    severity: "info",
    text: [kind, ...Object.entries(data).map(([name, value]) => `${name}=${value}`)].join(" "),
    cause: "it was kept by another version of sanctl",
    remedy: "that version tells more",
  };
}

function textOf(text: string, data: KeptEvent["data"]): string {
  return text.replace(/\{(\w+)\}/g, (_, name) => String(data[name] ?? "?"));
}

/** Events that were kept before theirs was said have that of their kind. */
function adviceOf(row: Kind, { why }: KeptEvent["data"]): Advice {
  const { adviceOf = {} } = row;
  return typeof why === "string" && Object.hasOwn(adviceOf, why) ? adviceOf[why]! : row;
}

/** Reads a line that was kept; undefined where it is none, or not whole. */
export function parseKeptEvent(line: string): KeptEvent | undefined {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
  return isKeptEvent(value) ? value : undefined;
}

function isKeptEvent(value: unknown): value is KeptEvent {
  return isRecord(value) && Number.isSafeInteger(value["sequence"]) &&
    typeof value["at"] === "string" && typeof value["kind"] === "string" &&
    isRecord(value["data"]) &&
    Object.values(value["data"]).every((each) => /^(string|number|boolean)$/.test(typeof each));
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
