/**
 * Keeps events in the state directory. A note is written in the background and in order; whoever
 * notes never waits, and an event log that cannot be written stops nothing else.
 */
import type { Clock } from "../runtime/clock.ts";
import type { Logger } from "../runtime/logger.ts";
import { printable } from "../runtime/printable.ts";
import { parseKeptEvent } from "./event_facts.ts";
import { EVENT_KINDS, type EventData, type EventKind, type EventValue } from "./event_kinds.ts";
import type { EventSink } from "./event_sink.ts";
import { PeerRation } from "./peer_ration.ts";
import {
  type EventReader,
  type EventsPage,
  type EventsQuery,
  readEvents,
  type Stem,
  STEMS,
} from "./read_events.ts";
import { type SegmentLimits, SegmentWriter } from "./segment_writer.ts";

export interface EventLogOptions {
  /** Its own directory; it need not be there. */
  readonly directory: string;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly limits?: SegmentLimits;
}

/** Of each of the two logs: 10,000 events, and 4 MiB with the line that fills a file. */
const LIMITS: SegmentLimits = { segments: 4, linesOfSegment: 2500, octetsOfSegment: 1 << 20 };

/** Events that wait to be written, at most. */
const MOST_PENDING = 2000;
/** How long until a log that could not be written is tried again. */
const RETRY_MS = 10_000;
/** How often it is told what was left out. */
const LEFT_OUT_MS = 60_000;
/** Readers that wait for an event at the same time. */
const MOST_WAITING = 64;

interface Pending {
  readonly stem: Stem;
  readonly at: string;
  readonly kind: EventKind;
  readonly data: Readonly<Record<string, EventValue>>;
}

export class EventLog implements EventSink, EventReader {
  readonly #directory: string;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #writers: Readonly<Record<Stem, SegmentWriter>>;
  readonly #ration: PeerRation;
  #pending: Pending[] = [];
  #lastSequence: number | undefined;
  #writing: Promise<void> | undefined;
  /** It could not be written, which has been told. */
  #isFailing = false;
  /** Nobody waits for events any more; no more are taken. */
  #isEnding = false;
  #isClosed = false;
  #callOffRetry: (() => void) | undefined;
  #callOffLeftOut: (() => void) | undefined;
  readonly #waiting = new Set<() => void>();

  constructor({ directory, clock, logger, limits = LIMITS }: EventLogOptions) {
    this.#directory = directory;
    this.#clock = clock;
    this.#logger = logger;
    this.#ration = new PeerRation(clock);
    this.#writers = {
      events: new SegmentWriter(directory, "events", limits),
      peers: new SegmentWriter(directory, "peers", limits),
    };
  }

  note<K extends EventKind>(kind: K, data: EventData<K>): void {
    const isByStrangers = "byStrangers" in EVENT_KINDS[kind];
    if (isByStrangers && !this.#ration.allows(String(data["address"]))) this.#noteLeftOut();
    else this.#put(isByStrangers ? "peers" : "events", kind, data);
  }

  #put(stem: Stem, kind: EventKind, data: Readonly<Record<string, EventValue>>): void {
    if (this.#isClosed || this.#pending.length === MOST_PENDING) return;
    const fit = Object.entries(data).map(([name, value]) =>
      [name, typeof value === "string" ? printable(value) : value] as const
    );
    const at = this.#clock.now().toISOString();
    this.#pending.push({ stem, at, kind, data: Object.fromEntries(fit) });
    if (!this.#isFailing) this.#write();
  }

  /** From time to time it is told how many events were left out. */
  #noteLeftOut(): void {
    this.#callOffLeftOut ??= this.#clock.after(LEFT_OUT_MS, () => {
      this.#callOffLeftOut = undefined;
      this.#putLeftOut();
    });
  }

  #putLeftOut(): void {
    const leftOut = this.#ration.takeLeftOut();
    if (leftOut !== undefined) this.#put("peers", "events-left-out", { ...leftOut });
  }

  /** Readers that wait for an event now. */
  get waiting(): number {
    return this.#waiting.size;
  }

  /** What was noted so far, as far as it could be written. */
  async read(query: EventsQuery, signal?: AbortSignal): Promise<EventsPage> {
    await this.#writing;
    const page = await readEvents(this.#directory, query);
    const { waitMs = 0 } = query;
    if (page.events.length > 0 || page.more || waitMs <= 0) return page;
    if (this.#isEnding || this.#waiting.size === MOST_WAITING) return page;
    await this.#written(waitMs, signal);
    return await readEvents(this.#directory, { ...query, after: page.next });
  }

  /** Resolves when something is written, or there is no use in waiting any longer. */
  #written(waitMs: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const done = (): void => {
        callOff();
        signal?.removeEventListener("abort", done);
        this.#waiting.delete(done);
        resolve();
      };
      const callOff = this.#clock.after(waitMs, done);
      signal?.addEventListener("abort", done);
      this.#waiting.add(done);
    });
  }

  /** Lets go of those who wait for events, since the service ends. */
  letGo(): void {
    this.#isEnding = true;
    for (const done of [...this.#waiting]) done();
  }

  /** Writes what is pending and closes the files. */
  async close(): Promise<void> {
    this.#callOffLeftOut?.();
    this.#putLeftOut();
    this.#isClosed = true;
    this.letGo();
    await this.#writing;
    if (this.#pending.length > 0) await this.#tryToWrite();
    this.#callOffRetry?.();
    for (const stem of STEMS) {
      await this.#writers[stem].close().catch((error) => this.#failed(error));
    }
  }

  #write(): void {
    this.#writing ??= this.#tryToWrite().finally(() => {
      this.#writing = undefined;
      // Something may have been noted after the last look, while this was known to be under way.
      if (this.#pending.length > 0 && !this.#isFailing) this.#write();
    });
  }

  async #tryToWrite(): Promise<void> {
    try {
      this.#lastSequence ??= await this.#open();
      while (this.#pending.length > 0) await this.#writePending();
      this.#isFailing = false;
    } catch (error) {
      this.#failed(error);
      this.#callOffRetry = this.#clock.after(RETRY_MS, () => this.#write());
    }
    for (const done of [...this.#waiting]) done();
  }

  async #writePending(): Promise<void> {
    const batch = this.#pending;
    this.#pending = [];
    let sequence = this.#lastSequence!;
    const entries = batch.map(({ stem, ...event }) => {
      const line = JSON.stringify({ sequence: ++sequence, ...event });
      return { stem, sequence, line };
    });
    try {
      for (const stem of STEMS) {
        await this.#writers[stem].append(entries.filter((each) => each.stem === stem));
      }
    } catch (error) {
      // Those of one log may be there twice then, which is better than not at all.
      this.#pending = [...batch, ...this.#pending].slice(0, MOST_PENDING);
      throw error;
    }
    this.#lastSequence = sequence;
    const isGrave = batch.some(({ kind }) => EVENT_KINDS[kind].severity === "error");
    if (isGrave) await this.#writers.events.sync();
  }

  /** Takes up the logs where they ended; answers the last sequence number. */
  async #open(): Promise<number> {
    await Deno.mkdir(this.#directory, { recursive: true, mode: 0o700 });
    let last = 0;
    for (const stem of STEMS) {
      for (const line of await this.#writers[stem].open()) {
        last = Math.max(last, parseKeptEvent(line)?.sequence ?? 0);
      }
    }
    return last;
  }

  #failed(error: unknown): void {
    if (this.#isFailing) return;
    this.#isFailing = true;
    this.#logger.warn("events cannot be kept", {
      directory: this.#directory,
      reason: error instanceof Error ? error.message : String(error),
    });
  }
}
