/** A row of the table of events. */
import type { EventSource } from "./event_sources.ts";

export type Severity = "info" | "warning" | "error";

export interface Kind {
  readonly source: EventSource;
  readonly id: number;
  readonly severity: Severity;
  /** One line, without a period. */
  readonly text: string;
  readonly cause: string;
  readonly remedy: string;
  /**
   * Whoever reaches a portal can bring it about: kept apart from the others and rationed, by the
   * `address` that goes with it.
   */
  readonly byStrangers?: true;
}

export const NOTHING_TO_DO = "nothing needs to be done";
