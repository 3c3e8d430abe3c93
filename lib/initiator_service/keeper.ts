/**
 * Who keeps what is declared of the initiator: the running service, or a file that a command
 * changes under a lock.
 */
import type { EventReader } from "../events/read_events.ts";
import type { RunningInitiator } from "./running_initiator.ts";
import type { DeclaredInitiator } from "./schema.ts";
import type { Declared } from "./store.ts";

export interface InitiatorKeeper {
  /** Undefined: no service runs. */
  readonly running: RunningInitiator | undefined;
  /** All bound devices are there. */
  readonly isReady: boolean;
  readonly events: EventReader;
  state(): Promise<DeclaredInitiator>;
  /** With the secrets. */
  declared(): Promise<Declared>;
  /**
   * Makes what `operation` answers the declared state. Changes follow one another; when it rejects,
   * nothing has changed.
   */
  change(operation: (declared: Declared) => Declared): Promise<void>;
}
