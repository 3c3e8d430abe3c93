/** Reads what is kept, whether the service runs that writes it or not. */
import { type EventFacts, eventFacts, type KeptEvent, parseKeptEvent } from "./event_facts.ts";
import { linesOf, segmentsOf } from "./segments.ts";

/**
 * Two logs: what strangers can cause is kept apart, so that it drives out nothing else.
 */
export const STEMS = ["events", "peers"] as const;
export type Stem = typeof STEMS[number];

/** Which events, in their order. */
export interface EventsQuery {
  /** Those with a higher sequence number; all without. */
  readonly after?: number | undefined;
  /** Those not before, as milliseconds since 1970. */
  readonly since?: number | undefined;
  readonly source?: string | undefined;
  /** At most so many in one answer. */
  readonly limit?: number | undefined;
  /** Where there are none, so long is waited for one, at most. */
  readonly waitMs?: number | undefined;
}

/** Where events are read from. */
export interface EventReader {
  read(query: EventsQuery, signal?: AbortSignal): Promise<EventsPage>;
}

export interface EventsPage {
  readonly events: readonly EventFacts[];
  /** The sequence number after which the following part begins. */
  readonly next: number;
  /** There may be more already. */
  readonly more: boolean;
}

/** Events that one answer carries at most. */
export const MOST_EVENTS = 500;

export async function readEvents(directory: string, query: EventsQuery): Promise<EventsPage> {
  const { after = 0, since = 0, source, limit = MOST_EVENTS } = query;
  const events: EventFacts[] = [];
  let next = after;
  for await (const kept of inOrder(STEMS.map((stem) => keptEvents(directory, stem, after)))) {
    if (events.length === limit) return { events, next, more: true };
    next = kept.sequence;
    if (Date.parse(kept.at) < since) continue;
    const facts = eventFacts(kept);
    if (source === undefined || facts.source === source) events.push(facts);
  }
  return { events, next, more: false };
}

/** One log's events after a sequence number. */
async function* keptEvents(
  directory: string,
  stem: Stem,
  after: number,
): AsyncGenerator<KeptEvent> {
  const segments = await segmentsOf(directory, stem);
  let last = after;
  for (const [at, { path }] of segments.entries()) {
    const following = segments[at + 1];
    if (following !== undefined && following.first <= after + 1) continue;
    for (const line of (await linesOf(path)).lines) {
      const event = parseKeptEvent(line);
      // What was written anew because a write failed may be there twice.
      if (event === undefined || event.sequence <= last) continue;
      last = event.sequence;
      yield event;
    }
  }
}

/** Several sequences, each in its order, as one. */
async function* inOrder(sources: AsyncGenerator<KeptEvent>[]): AsyncGenerator<KeptEvent> {
  const heads = await Promise.all(sources.map(async (source) => ({
    source,
    result: await source.next(),
  })));
  for (;;) {
    const open = heads.filter(({ result }) => !result.done);
    if (open.length === 0) return;
    const first = open.reduce((one, other) =>
      other.result.value.sequence < one.result.value.sequence ? other : one
    );
    yield first.result.value;
    first.result = await first.source.next();
  }
}
