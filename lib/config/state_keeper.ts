/**
 * Who keeps the declared state: the running service, or a file that a command changes under a lock.
 */
import type { DiskFiles, GrowthOptions } from "./disk_files.ts";
import type { EndedSession } from "./facts.ts";
import type { EventReader } from "../events/read_events.ts";
import type { Observation } from "./observation.ts";
import type { Outcome } from "./operations/outcome.ts";
import type { DeclaredDisk, DeclaredState } from "./schema.ts";
import type { VisitorSource } from "./visitors/visitor_book.ts";
import type { SecretBook } from "./secret_book.ts";

/** What a change makes of what is declared; it changes neither. */
export type Operation = (state: DeclaredState, secrets: SecretBook) => Outcome;

export interface StateKeeper {
  readonly directory: string;
  readonly files: DiskFiles;
  readonly observation: Observation;
  readonly events: EventReader;
  readonly visitors: VisitorSource;
  /** The declared state as it is now. */
  state(): Promise<DeclaredState>;
  /** The secrets that the state refers to now. */
  secrets(): Promise<SecretBook>;
  /**
   * Gives the state to `operation` and makes what it answers the state: on disk, and in whatever
   * runs. Changes follow one another. When it rejects, nothing has changed.
   */
  change(operation: Operation): Promise<Outcome>;
  /** Makes the disk's medium larger; the declared state is for the caller to change. */
  grow(disk: DeclaredDisk, size: number, options: GrowthOptions): Promise<void>;
  /** Ends the sessions with these ids; initiators have `waitMs` to log out by themselves. */
  endSessions(ids: readonly string[], waitMs: number): Promise<readonly EndedSession[]>;
  close(): Promise<void>;
}
