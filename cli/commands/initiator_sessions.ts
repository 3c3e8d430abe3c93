import type { InitiatorSessionFacts } from "../../lib/initiator_service/control.ts";
import type { Context } from "../context.ts";
import { formatAddress } from "../format_address.ts";
import { sessionColumns } from "../initiator_columns.ts";
import { sheet } from "../output.ts";
import type { InitiatorLongFlags } from "../routes/initiator.ts";

export default async function (this: Context, { long }: InitiatorLongFlags): Promise<void> {
  const control = await this.initiator();
  const sessions = await control.sessions();
  if (!long || this.flags.json || this.flags.quiet || sessions.length === 0) {
    return this.output.list(sessions, sessionColumns, "no session");
  }
  this.output.line(sessions.map(sessionText).join("\n\n"));
}

function sessionText(session: InitiatorSessionFacts): string {
  const { headerDigest, dataDigest, portal, source, error } = session;
  return sheet([
    ["session", session.id],
    ["target", session.target],
    ["alias", session.targetAlias],
    ["state", session.state],
    ["portal", formatAddress(portal)],
    ["source", source === null ? undefined : formatAddress(source)],
    ["portal group", session.portalGroup === null ? undefined : String(session.portalGroup)],
    ["isid", session.isid],
    ["tsih", session.tsih === null ? undefined : String(session.tsih)],
    ["connections", String(session.connections)],
    ["digests", `header ${headerDigest}, data ${dataDigest}`],
    ["proof", session.authentication],
    ["persistent", session.persistent ? "yes" : "no"],
    ["multipath", session.multipath ? "yes" : "no"],
    ["since", session.since],
    ["lost", `${session.losses} times`],
    ["commands", String(session.commands)],
    ["error", error ?? undefined],
  ]);
}
