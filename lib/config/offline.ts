/**
 * Keeps the declared state where no service runs: each change takes the lock, and reads and writes
 * the file.
 */
import type { DiskFiles } from "./disk_files.ts";
import type { EndedSession } from "./facts.ts";
import { StateLock } from "./lock.ts";
import { NOTHING_RUNS } from "./observation.ts";
import type { Outcome } from "./operations/outcome.ts";
import type { DeclaredState } from "./schema.ts";
import type { StateKeeper } from "./state_keeper.ts";
import { StateStore } from "./store.ts";

export class OfflineKeeper implements StateKeeper {
  readonly directory: string;
  readonly files: DiskFiles;
  readonly observation = NOTHING_RUNS;
  readonly #store: StateStore;

  constructor(directory: string, files: DiskFiles) {
    this.directory = directory;
    this.files = files;
    this.#store = new StateStore(directory);
  }

  state(): Promise<DeclaredState> {
    return this.#store.load();
  }

  async change(operation: (state: DeclaredState) => Outcome): Promise<Outcome> {
    const lock = await StateLock.take(this.directory, "command");
    try {
      const outcome = operation(await this.#store.load());
      await this.#store.save(outcome.state);
      return outcome;
    } finally {
      lock.release();
    }
  }

  /** Where no service runs there are none. */
  endSessions(): Promise<readonly EndedSession[]> {
    return Promise.resolve([]);
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}
