/** The events of a service in another process, or of none: looked for from time to time. */
import { type EventReader, type EventsPage, type EventsQuery, readEvents } from "./read_events.ts";

const INTERVAL_MS = 250;

export class KeptEvents implements EventReader {
  readonly #directory: string;

  constructor(directory: string) {
    this.#directory = directory;
  }

  async read(query: EventsQuery, signal?: AbortSignal): Promise<EventsPage> {
    const untilMs = performance.now() + (query.waitMs ?? 0);
    let page = await readEvents(this.#directory, query);
    while (page.events.length === 0 && performance.now() < untilMs && !signal?.aborted) {
      await pause(INTERVAL_MS, signal);
      page = await readEvents(this.#directory, { ...query, after: page.next });
    }
    return page;
  }
}

function pause(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal?.addEventListener("abort", done);
  });
}
