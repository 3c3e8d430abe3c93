/** Where the services tell what happened. It never throws, and nobody waits for it. */
import type { EventData, EventKind } from "./event_kinds.ts";

export interface EventSink {
  /** Text from a peer may be given as it came. */
  note<K extends EventKind>(kind: K, data: EventData<K>): void;
}

/** Keeps nothing. */
export const NO_EVENTS: EventSink = { note() {} };
