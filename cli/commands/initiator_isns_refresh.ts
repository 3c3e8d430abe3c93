import type { PortalFacts } from "../../lib/config/facts.ts";
import type { Context } from "../context.ts";
import { isnsServerColumns } from "../initiator_columns.ts";

export default async function (
  this: Context,
  _flags: Record<never, never>,
  server?: PortalFacts,
): Promise<void> {
  const control = await this.initiator();
  const none = "no iSNS server to ask; sanctl initiator isns add ADDR:PORT adds one";
  this.output.list(await control.refreshIsnsServers(server), isnsServerColumns, none);
}
