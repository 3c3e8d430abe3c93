import { eventsDirectory, stateDirectory } from "../../lib/config/state_directory.ts";
import type { Context } from "../context.ts";
import type { EventsFlags } from "../routes/events.ts";
import { showEvents } from "../show_events.ts";

export default async function (this: Context, flags: EventsFlags): Promise<void> {
  const control = await this.control();
  const { server, stateDir } = this.flags;
  const isElsewhere = (server ?? Deno.env.get("SANCTL_SERVER")) !== undefined;
  await showEvents(this, {
    events: (...asked) => control.events(...asked),
    keptIn: isElsewhere ? undefined : eventsDirectory(stateDirectory(stateDir)),
  }, flags);
}
