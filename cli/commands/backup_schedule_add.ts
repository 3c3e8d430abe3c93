import { absolute } from "../../lib/config/state_directory.ts";
import type { Context } from "../context.ts";
import { keepOf } from "../keep_flags.ts";
import type { ScheduleAddFlags } from "../routes/schedule.ts";
import { addedText } from "../schedule_text.ts";

export default async function (
  this: Context,
  { cron, name, timeZone, ...flags }: ScheduleAddFlags,
  disk: string,
  directory: string,
): Promise<void> {
  const control = await this.control();
  const asked = { kind: "backup", disks: [disk], cron, name, timeZone } as const;
  const backup = { ...asked, directory: absolute(directory), keep: keepOf(flags) };
  this.output.changed(await control.schedules.add(backup), addedText);
}
