import { eventsDirectory, stateDirectory } from "../../lib/config/state_directory.ts";
import { initiatorDirectory } from "../../lib/initiator_service/state_paths.ts";
import type { Context } from "../context.ts";
import type { EventsFlags } from "../routes/events.ts";
import { showEvents } from "../show_events.ts";

export default async function (this: Context, flags: EventsFlags): Promise<void> {
  const control = await this.initiator();
  const { server, stateDir } = this.flags;
  await showEvents(this, {
    events: (...asked) => control.events(...asked),
    keptIn: server === undefined
      ? eventsDirectory(initiatorDirectory(stateDirectory(stateDir)))
      : undefined,
  }, flags);
}
