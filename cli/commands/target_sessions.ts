import type { SessionFacts } from "../../lib/config/facts.ts";
import type { Context } from "../context.ts";
import type { Column } from "../output.ts";
import { formatSize } from "../size.ts";

const COLUMNS: readonly Column<SessionFacts>[] = [
  { heading: "SESSION", value: ({ id }) => id },
  { heading: "TARGET", value: ({ target }) => target },
  { heading: "INITIATOR", value: ({ initiator }) => initiator },
  { heading: "FROM", value: ({ connections }) => connections.map(({ peer }) => peer).join(" ") },
  { heading: "PORTAL", value: ({ connections }) => connections.map((it) => it.portal).join(" ") },
  { heading: "SINCE", value: ({ since }) => since },
  { heading: "READ", align: "right", value: ({ counters }) => formatSize(counters.octetsRead) },
  {
    heading: "WRITTEN",
    align: "right",
    value: ({ counters }) => formatSize(counters.octetsWritten),
  },
];

export default async function (
  this: Context,
  _flags: Record<never, never>,
  target?: string,
): Promise<void> {
  const control = await this.control();
  const whose = target === undefined ? "any target" : `target ${target}`;
  this.output.list(await control.sessions(target), COLUMNS, `no session with ${whose}`);
}
