import type { StatusFacts } from "../../lib/config/facts.ts";
import type { Context } from "../context.ts";
import { formatAddress } from "../format_address.ts";
import { sheet } from "../output.ts";
import { discoveryText } from "../authentication_rows.ts";
import { formatSize } from "../size.ts";

export default async function (this: Context): Promise<void> {
  const control = await this.control();
  this.output.facts(await control.status(), statusText);
}

function statusText(status: StatusFacts): string {
  const { running, startedAt, pid, http, counters } = status;
  const facts = sheet([
    ["service", running ? `running since ${startedAt} (pid ${pid})` : "not running"],
    ["version", status.version],
    ["state", status.stateDirectory],
    ["portals", status.portals.map(formatAddress).join(" ")],
    ["dashboard", http === null ? undefined : `http://${formatAddress(http)}/`],
    ["discovery", discoveryText(status.discovery)],
    ["iSNS", status.isns.map((it) => `${formatAddress(it)} (${it.state})`).join(" ") || undefined],
    ["targets", String(status.targets)],
    ["disks", String(status.disks)],
    ["attached", status.attached === 0 ? undefined : String(status.attached)],
    ["sessions", String(status.sessions)],
    ["commands", running ? String(counters.commands) : undefined],
    ["read", running ? formatSize(counters.octetsRead) : undefined],
    ["written", running ? formatSize(counters.octetsWritten) : undefined],
  ]);
  if (status.problems.length === 0) return facts;
  return `${facts}\n\nneeds attention:\n${status.problems.map((it) => `  ${it}`).join("\n")}`;
}
