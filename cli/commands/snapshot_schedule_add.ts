import type { Context } from "../context.ts";
import { keepOf } from "../keep_flags.ts";
import type { SnapshotScheduleAddFlags } from "../routes/schedule.ts";
import { addedText } from "../schedule_text.ts";

export default async function (
  this: Context,
  { cron, name, group, timeZone, ...flags }: SnapshotScheduleAddFlags,
  ...disks: string[]
): Promise<void> {
  const control = await this.control();
  const keep = keepOf(flags);
  const asked = { kind: "snapshot", disks, cron, name, group, timeZone, keep } as const;
  this.output.changed(await control.schedules.add(asked), addedText);
}
