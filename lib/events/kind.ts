/** A row of the table of events. */
import type { EventSource } from "./event_sources.ts";

export type Severity = "info" | "warning" | "error";

/** Why something happens, and what to do about it. */
export interface Advice {
  readonly cause: string;
  readonly remedy: string;
}

export interface Kind extends Advice {
  readonly source: EventSource;
  readonly id: number;
  readonly severity: Severity;
  /** One line, without a period. */
  readonly text: string;
  /** Where that is known, by the `why` that goes with the event. */
  readonly adviceOf?: Readonly<Record<string, Advice>>;
  /**
   * Whoever reaches a portal can bring it about: kept apart from the others and rationed, by the
   * `address` that goes with it.
   */
  readonly byStrangers?: true;
}

export const NOTHING_TO_DO = "nothing needs to be done";
