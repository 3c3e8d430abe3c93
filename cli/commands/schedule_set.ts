import type { ScheduleKind } from "../../lib/config/schedule_control.ts";
import { absolute } from "../../lib/config/state_directory.ts";
import type { Context } from "../context.ts";
import { keepOf } from "../keep_flags.ts";
import type { ScheduleSetFlags } from "../routes/schedule.ts";
import { changedText } from "../schedule_text.ts";

export default function (kind: ScheduleKind) {
  return async function (
    this: Context,
    { cron, timeZone, directory, ...flags }: ScheduleSetFlags,
    name: string,
  ): Promise<void> {
    const control = await this.control();
    const changes = {
      cron,
      timeZone,
      directory: directory === undefined ? undefined : absolute(directory),
      keep: keepOf(flags),
    };
    this.output.changed(await control.schedules.set(name, changes, kind), changedText);
  };
}
