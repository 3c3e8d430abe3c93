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
import { declaredBy, type SecretBook } from "./secret_book.ts";
import type { Operation, StateKeeper } from "./state_keeper.ts";
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

  async secrets(): Promise<SecretBook> {
    return await this.#locked(async () => (await this.#store.loadAll()).secrets);
  }

  async change(operation: Operation): Promise<Outcome> {
    return await this.#locked(async () => {
      const { state, secrets } = await this.#store.loadAll();
      const outcome = operation(state, secrets);
      await this.#store.save(declaredBy(outcome, secrets));
      return outcome;
    });
  }

  async #locked<T>(action: () => Promise<T>): Promise<T> {
    const lock = await StateLock.take(this.directory, "command");
    try {
      return await action();
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
