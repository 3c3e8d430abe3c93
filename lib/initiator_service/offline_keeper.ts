/** Keeps the initiator's declared state where no service runs. */
import { StateLock } from "../config/lock.ts";
import { eventsDirectory } from "../config/state_directory.ts";
import { KeptEvents } from "../events/kept_events.ts";
import type { EventReader } from "../events/read_events.ts";
import type { InitiatorKeeper } from "./keeper.ts";
import type { DeclaredInitiator } from "./schema.ts";
import { type Declared, InitiatorStore } from "./store.ts";

export class OfflineInitiatorKeeper implements InitiatorKeeper {
  readonly running = undefined;
  readonly isReady = false;
  readonly events: EventReader;
  readonly #directory: string;
  readonly #store: InitiatorStore;

  constructor(directory: string) {
    this.#directory = directory;
    this.#store = new InitiatorStore(directory);
    this.events = new KeptEvents(eventsDirectory(directory));
  }

  state(): Promise<DeclaredInitiator> {
    return this.#store.load();
  }

  declared(): Promise<Declared> {
    return StateLock.during(this.#directory, () => this.#store.loadAll());
  }

  change(operation: (declared: Declared) => Declared): Promise<void> {
    return StateLock.during(
      this.#directory,
      async () => this.#store.save(operation(await this.#store.loadAll())),
    );
  }
}
