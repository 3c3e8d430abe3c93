/** `sanctl events`: what it takes. */
import { buildCommand } from "@stricli/core";
import { EVENT_SOURCES, type EventSource } from "../../lib/events/event_sources.ts";
import type { Context } from "../context.ts";
import { parseMoment } from "../moment.ts";
import { switchFlag } from "../parameters.ts";

export interface EventsFlags {
  readonly since?: Date;
  readonly source?: EventSource;
  readonly follow?: boolean;
}

export const eventsFlags = {
  since: {
    kind: "parsed",
    parse: (text: string) => parseMoment(text, new Date()),
    optional: true,
    placeholder: "TIME",
    brief: "From then on: 15m, 2h or 7d ago, or a time such as 2026-11-23T18:00",
  },
  source: {
    kind: "parsed",
    parse: parseEventSource,
    optional: true,
    placeholder: "SOURCE",
    brief: "What one source tells: target, storage, service, mpio…",
    proposeCompletions: () => EVENT_SOURCES,
  },
  follow: switchFlag("Go on with what happens from now on, until Ctrl-C"),
} as const;

export const events = buildCommand<EventsFlags, [], Context>({
  loader: () => import("../commands/events.ts"),
  parameters: { flags: eventsFlags },
  docs: {
    brief: "Show what happened: logins, refusals, failures, changes",
    fullDescription:
      "Shows what happened: logins, refusals, failures, changes. With --verbose the\n" +
      "cause and the remedy of each. With --follow the last ten come first, unless --since is given.",
  },
});

/** A source, however its letters are written. */
function parseEventSource(text: string): EventSource {
  const source = EVENT_SOURCES.find((name) => name.toLowerCase() === text.toLowerCase());
  if (source === undefined) throw new Error(`it is one of ${EVENT_SOURCES.join(", ")}`);
  return source;
}
