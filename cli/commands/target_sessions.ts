import type { ConnectionFacts, SessionFacts } from "../../lib/config/facts.ts";
import { formatAge } from "../age.ts";
import type { Context } from "../context.ts";
import { type Column, sheet } from "../output.ts";
import type { TargetSessionsFlags } from "../routes/target.ts";
import { formatSize } from "../size.ts";

const COLUMNS: readonly Column<SessionFacts>[] = [
  { heading: "SESSION", value: ({ id }) => id },
  { heading: "TARGET", value: ({ target }) => target },
  { heading: "INITIATOR", value: ({ initiator }) => initiator },
  { heading: "FROM", value: ({ connections }) => connections.map(({ peer }) => peer).join(" ") },
  { heading: "PORTAL", value: ({ connections }) => connections.map((it) => it.portal).join(" ") },
  { heading: "AGE", align: "right", value: ({ ageSeconds }) => formatAge(ageSeconds) },
  { heading: "TASKS", align: "right", value: ({ outstandingTasks }) => outstandingTasks },
  { heading: "READ", align: "right", value: ({ counters }) => formatSize(counters.octetsRead) },
  {
    heading: "WRITTEN",
    align: "right",
    value: ({ counters }) => formatSize(counters.octetsWritten),
  },
];

export default async function (
  this: Context,
  { long }: TargetSessionsFlags,
  target?: string,
): Promise<void> {
  const control = await this.control();
  const sessions = await control.sessions(target);
  const whose = target === undefined ? "any target" : `target ${target}`;
  if (!long || this.flags.json || this.flags.quiet || sessions.length === 0) {
    this.output.list(sessions, COLUMNS, `no session with ${whose}`);
  } else {
    this.output.line(sessions.map(sessionText).join("\n\n"));
  }
}

function sessionText(session: SessionFacts): string {
  const { commands, octetsRead, octetsWritten } = session.counters;
  return sheet([
    ["session", session.id],
    ["target", `${session.target} (${session.iqn})`],
    ["initiator", session.initiator],
    ["alias", session.alias],
    ["chap", session.chapUser === null ? undefined : `proved to be ${session.chapUser}`],
    ["isid", session.isid],
    ["tsih", String(session.tsih)],
    ["portal group", String(session.portalGroup)],
    ...session.connections.map(connectionRow),
    ["since", `${session.since} (${formatAge(session.ageSeconds)})`],
    ["tasks", `${session.outstandingTasks} outstanding`],
    ["commands", String(commands)],
    ["read", formatSize(octetsRead)],
    ["written", formatSize(octetsWritten)],
  ]);
}

function connectionRow(connection: ConnectionFacts): [name: string, value: string] {
  const { id, peer, portal, headerDigest, dataDigest } = connection;
  const digests = `header digest ${headerDigest}, data digest ${dataDigest}`;
  return [`connection ${id}`, `${peer} to ${portal}, ${digests}`];
}
