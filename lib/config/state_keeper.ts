/**
 * Who keeps the declared state: the running service, or a file that a command changes under a lock.
 */
import type { BlockDevice } from "../block/device.ts";
import type { DiskFiles, GrowthOptions } from "./disk_files.ts";
import type { EndedSession } from "./facts.ts";
import type { EventReader } from "../events/read_events.ts";
import type { EventSink } from "../events/event_sink.ts";
import type { Logger } from "../runtime/logger.ts";
import type { Observation } from "./observation.ts";
import type { Outcome } from "./operations/outcome.ts";
import type { ScheduleSource } from "./schedules/schedule_source.ts";
import type { DeclaredDisk, DeclaredState } from "./schema.ts";
import type { VisitorSource } from "./visitors/visitor_book.ts";
import type { SecretBook } from "./secret_book.ts";

/** What a change makes of what is declared; it changes neither. */
export type Operation = (state: DeclaredState, secrets: SecretBook) => Outcome;

/** Other files for disks that may be in use. */
export interface FileExchange {
  /**
   * Called while the disks are closed; makes the files, and answers the state that names them. What
   * must be known before something cannot be undone is given to `save`.
   */
  run(state: DeclaredState, save: (state: DeclaredState) => Promise<void>): Promise<Outcome>;
  /** Called when the state could not be saved: what `run` has made is not wanted. */
  undo(): Promise<void>;
  /** A disk that could not be opened is none that has to be closed. */
  readonly mayBeAbsent?: boolean;
  /** Who uses the disks is told that they hold something else now. */
  readonly isNews?: boolean;
}

export interface StateKeeper {
  readonly directory: string;
  readonly files: DiskFiles;
  readonly observation: Observation;
  readonly events: EventReader;
  /** Where is told what happens while a service runs. */
  readonly notes: EventSink;
  readonly visitors: VisitorSource;
  readonly schedules: ScheduleSource;
  /** For what goes wrong with nobody waiting for it. */
  readonly logger: Logger;
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
  /**
   * Puts other files behind disks, by their UUIDs: one change among the others. Who uses the disks
   * waits for as long as `exchange` runs.
   */
  exchange(uuids: readonly string[], exchange: FileExchange): Promise<Outcome>;
  /**
   * Has `look` see a disk as it is served, for as long as that has these files: it is called off
   * before they are closed. Undefined: no service has the disk open.
   */
  look<T>(
    disk: DeclaredDisk,
    look: (device: BlockDevice, closed: AbortSignal) => Promise<T>,
  ): Promise<T | undefined>;
  /** Opens a disk that a service could not, if that can be done now. */
  reopen(disk: DeclaredDisk): Promise<void>;
  /** Ends the sessions with these ids; initiators have `waitMs` to log out by themselves. */
  endSessions(ids: readonly string[], waitMs: number): Promise<readonly EndedSession[]>;
  close(): Promise<void>;
}
