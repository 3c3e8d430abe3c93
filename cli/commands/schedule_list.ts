import type { ScheduleFacts, ScheduleKind } from "../../lib/config/schedule_control.ts";
import type { Context } from "../context.ts";
import { keepText } from "../keep_flags.ts";
import type { Column } from "../output.ts";

const NAMES: readonly Column<ScheduleFacts>[] = [
  { heading: "SCHEDULE", value: ({ name }) => name },
  { heading: "DISKS", value: ({ disks }) => disks.join(" ") },
];

const TIMES: readonly Column<ScheduleFacts>[] = [
  {
    heading: "TIMES",
    value: ({ cron, timeZone }) => timeZone === null ? cron : `${cron} ${timeZone}`,
  },
  { heading: "KEEPS", value: ({ keep }) => keepText(keep) || "all" },
  { heading: "STATE", value: ({ state }) => state },
  { heading: "NEXT RUN", value: ({ nextRun }) => nextRun ?? "-" },
  { heading: "LAST RUN", value: ({ lastRun }) => lastRun?.startedAt ?? "-" },
  { heading: "FAILURE", value: ({ lastRun }) => lastRun?.failure ?? "" },
];

const COLUMNS: Readonly<Record<ScheduleKind, readonly Column<ScheduleFacts>[]>> = {
  snapshot: [
    ...NAMES,
    { heading: "GROUP", value: ({ group }) => group ? "yes" : "no" },
    ...TIMES,
  ],
  backup: [
    ...NAMES,
    { heading: "DIRECTORY", value: ({ directory }) => directory ?? "-" },
    ...TIMES,
  ],
};

export default function (kind: ScheduleKind) {
  return async function (this: Context): Promise<void> {
    const control = await this.control();
    const none = `no ${kind}s are made by themselves; sanctl ${kind} schedule add changes that`;
    this.output.list(await control.schedules.list(kind), COLUMNS[kind], none);
  };
}
