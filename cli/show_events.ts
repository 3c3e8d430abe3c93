/** Shows the events of a service: those that there are, or as they come. */
import {
  ControlError,
  type EventFacts,
  type EventsPage,
  type EventsQuery,
} from "../lib/config/control.ts";
import { KeptEvents } from "../lib/events/kept_events.ts";
import type { EventReader } from "../lib/events/read_events.ts";
import { printable } from "../lib/runtime/printable.ts";
import type { Context } from "./context.ts";
import type { Column } from "./output.ts";
import type { EventsFlags } from "./routes/events.ts";

/** Whoever keeps events. */
export interface EventKeeper {
  events(query: EventsQuery, signal?: AbortSignal): Promise<EventsPage>;
  /** The directory in which a service of this machine keeps them; undefined for another's. */
  readonly keptIn: string | undefined;
}

/** What `--follow` begins with. */
const LATEST = 10;
/** How long one question waits for an answer. */
const WAIT_MS = 20_000;
const LEAST_WAIT_MS = 1000;

const COLUMNS: readonly Column<EventFacts>[] = [
  { heading: "TIME", value: ({ at }) => at },
  { heading: "SEVERITY", value: ({ severity }) => severity },
  { heading: "SOURCE", value: ({ source }) => source },
  { heading: "ID", align: "right", value: ({ id }) => id },
  { heading: "EVENT", value: ({ text }) => text },
];

export async function showEvents(
  context: Context,
  keeper: EventKeeper,
  { since, source, follow }: EventsFlags,
): Promise<void> {
  const query = { since: since?.getTime(), source };
  const { events, next } = await all(keeper, query, follow && since === undefined ? LATEST : 0);
  if (follow) {
    for (const event of events) context.output.line(eventLine(event, context));
    await goOn(context, keeper, { source, after: next });
  } else if (context.flags.verbose && !context.flags.json) {
    for (const event of events) context.output.line(eventLine(event, context));
  } else {
    context.output.list(events, COLUMNS, "no events");
  }
}

/** What there is, or the latest of it. */
async function all(keeper: EventKeeper, query: EventsQuery, latest: number) {
  const events: EventFacts[] = [];
  let next = 0;
  for (let more = true; more;) {
    const page = await keeper.events({ ...query, after: next });
    ({ next, more } = page);
    events.push(...page.events);
    if (latest > 0) events.splice(0, events.length - latest);
  }
  return { events, next };
}

/** Until Ctrl-C. A service that has too many to keep waiting answers at once. */
async function goOn(context: Context, keeper: EventKeeper, query: EventsQuery): Promise<void> {
  const { signal, output } = context;
  let read: EventReader["read"] = (asked, until) => keeper.events(asked, until);
  let { after } = query;
  while (!signal.aborted) {
    const askedMs = performance.now();
    try {
      const page = await read({ ...query, after, waitMs: WAIT_MS }, signal);
      for (const event of page.events) output.line(eventLine(event, context));
      after = page.next;
      if (page.events.length === 0) {
        await pause(askedMs + LEAST_WAIT_MS - performance.now(), signal);
      }
    } catch (error) {
      if (signal.aborted) return;
      read = readerWithoutService(keeper, error);
    }
  }
}

/** A service of this machine that has ended keeps its events, and so does the next one. */
function readerWithoutService({ keptIn }: EventKeeper, error: unknown): EventReader["read"] {
  const isGone = error instanceof ControlError && error.kind === "unreachable";
  if (!isGone || keptIn === undefined) throw error;
  const kept = new KeptEvents(keptIn);
  return (query, signal) => kept.read(query, signal);
}

function pause(ms: number, signal: AbortSignal): Promise<void> | undefined {
  if (ms <= 0) return undefined;
  return new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal.addEventListener("abort", done, { once: true });
  });
}

/** One event as it comes: a line, or with its cause and remedy three; JSON is a line each. */
function eventLine(event: EventFacts, { flags }: Context): string {
  if (flags.json) return JSON.stringify(event);
  const { at, severity, source, id, text, cause, remedy } = event;
  const line = `${at} ${severity.padEnd(7)} ${source} ${id}: ${printable(text, 1024)}`;
  return flags.verbose ? `${line}\n  cause: ${cause}\n  remedy: ${remedy}` : line;
}
