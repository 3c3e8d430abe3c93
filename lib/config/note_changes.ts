/** Tells what differs between two declared states. */
import type { EventSink } from "../events/event_sink.ts";
import type { DeclaredState } from "./schema.ts";
import { noteSnapshots } from "./snapshots/note_snapshots.ts";
import { stateChanges } from "./state_changes.ts";

export function noteChanges(
  events: EventSink,
  before: DeclaredState,
  after: DeclaredState,
): void {
  for (const change of stateChanges(before, after)) {
    events.note("configuration-changed", { change });
  }
  noteSnapshots(events, before, after);
}
