import type { LunFacts, TargetFacts } from "../../lib/config/facts.ts";
import { authenticationRows } from "../authentication_rows.ts";
import { allowed } from "../allowed.ts";
import type { Context } from "../context.ts";
import { type Column, sheet, table } from "../output.ts";
import { formatSize } from "../size.ts";

const LUN_COLUMNS: readonly Column<LunFacts>[] = [
  { heading: "LUN", align: "right", value: ({ lun }) => lun },
  { heading: "DISK", value: ({ disk }) => disk },
  { heading: "SIZE", align: "right", value: ({ size }) => formatSize(size) },
  { heading: "ACCESS", value: ({ readOnly }) => readOnly ? "read-only" : "read-write" },
  { heading: "STATE", value: ({ state }) => state },
];

export default async function (
  this: Context,
  _flags: Record<never, never>,
  name: string,
): Promise<void> {
  const control = await this.control();
  this.output.facts(await control.showTarget(name), targetText);
}

function targetText(target: TargetFacts): string {
  const running = target.state !== "stopped";
  const { commands, octetsRead, octetsWritten } = target.counters;
  const facts = sheet([
    ["name", target.name],
    ["iqn", target.iqn],
    ["description", target.description],
    ["state", target.state],
    ["allow", allowed(target.allow)],
    ...authenticationRows(target),
    ["sessions", running ? String(target.sessions) : undefined],
    ["commands", running ? String(commands) : undefined],
    ["read", running ? formatSize(octetsRead) : undefined],
    ["written", running ? formatSize(octetsWritten) : undefined],
  ]);
  if (target.luns.length === 0) return `${facts}\n\nno disks assigned`;
  return `${facts}\n\n${table(target.luns, LUN_COLUMNS)}`;
}
