import type { ScheduleKind } from "../../lib/config/schedule_control.ts";
import type { Context } from "../context.ts";

export default function (kind: ScheduleKind) {
  return async function (
    this: Context,
    _flags: Record<never, never>,
    name: string,
  ): Promise<void> {
    const control = await this.control();
    const changed = await control.schedules.remove(name, kind);
    this.output.changed(changed, (schedule) => `schedule ${schedule.name} removed`);
  };
}
