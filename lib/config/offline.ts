/**
 * Keeps the declared state where no service runs: each change takes the lock, and reads and writes
 * the file.
 */
import { EventLog } from "../events/event_log.ts";
import { NO_EVENTS } from "../events/event_sink.ts";
import { KeptEvents } from "../events/kept_events.ts";
import type { EventReader } from "../events/read_events.ts";
import { systemClock } from "../runtime/clock.ts";
import { silentLogger } from "../runtime/logger.ts";
import type { DiskFiles, GrowthOptions } from "./disk_files.ts";
import type { EndedSession } from "./facts.ts";
import { StateLock } from "./lock.ts";
import { noteChanges } from "./note_changes.ts";
import { NOTHING_RUNS } from "./observation.ts";
import { declaredBy, type Outcome } from "./operations/outcome.ts";
import type { DeclaredDisk, DeclaredState } from "./schema.ts";
import type { SecretBook } from "./secret_book.ts";
import { KeptRuns, type ScheduleSource } from "./schedules/schedule_source.ts";
import { eventsDirectory, scheduleRunsFile, visitorFile } from "./state_directory.ts";
import type { FileExchange, Operation, StateKeeper } from "./state_keeper.ts";
import { StateStore } from "./store.ts";
import { KeptVisitors } from "./visitors/kept_visitors.ts";
import type { VisitorSource } from "./visitors/visitor_book.ts";

export class OfflineKeeper implements StateKeeper {
  readonly directory: string;
  readonly files: DiskFiles;
  readonly observation = NOTHING_RUNS;
  readonly events: EventReader;
  /** Whoever asked is told; the service is not there to keep it. */
  readonly notes = NO_EVENTS;
  readonly visitors: VisitorSource;
  readonly schedules: ScheduleSource;
  /** Whoever waits for a command is told by it. */
  readonly logger = silentLogger;
  readonly #store: StateStore;

  constructor(directory: string, files: DiskFiles) {
    this.directory = directory;
    this.files = files;
    this.visitors = new KeptVisitors(visitorFile(directory));
    this.schedules = new KeptRuns(scheduleRunsFile(directory));
    this.events = new KeptEvents(eventsDirectory(directory));
    this.#store = new StateStore(directory);
  }

  state(): Promise<DeclaredState> {
    return this.#store.load();
  }

  async secrets(): Promise<SecretBook> {
    return await StateLock.during(
      this.directory,
      async () => (await this.#store.loadAll()).secrets,
    );
  }

  async change(operation: Operation): Promise<Outcome> {
    return await StateLock.during(this.directory, async () => {
      const { state, secrets } = await this.#store.loadAll();
      const outcome = operation(state, secrets);
      await this.#store.save(declaredBy(outcome, secrets));
      await this.#tell(state, outcome.state);
      return outcome;
    });
  }

  async exchange(_uuids: readonly string[], exchange: FileExchange): Promise<Outcome> {
    return await StateLock.during(this.directory, async () => {
      const { state, secrets } = await this.#store.loadAll();
      try {
        const outcome = await exchange.run(state, (state) => this.#store.save({ state, secrets }));
        await this.#store.save(declaredBy(outcome, secrets));
        await this.#tell(state, outcome.state);
        return outcome;
      } catch (error) {
        await exchange.undo();
        throw error;
      }
    });
  }

  async grow(disk: DeclaredDisk, size: number, options: GrowthOptions): Promise<void> {
    // What is in memory is made anew whenever the service starts.
    if (disk.path !== undefined) await this.files.grow(disk, size, options);
  }

  /** Where no service runs none is open. */
  look(): Promise<undefined> {
    return Promise.resolve(undefined);
  }

  reopen(): Promise<void> {
    return Promise.resolve();
  }

  /** Where no service runs there are none. */
  endSessions(): Promise<readonly EndedSession[]> {
    return Promise.resolve([]);
  }

  /** Whoever changes the state holds its lock, and with it the right to write to the log. */
  async #tell(before: DeclaredState, after: DeclaredState): Promise<void> {
    const directory = eventsDirectory(this.directory);
    const log = new EventLog({ directory, clock: systemClock, logger: silentLogger });
    noteChanges(log, before, after);
    await log.close();
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}
