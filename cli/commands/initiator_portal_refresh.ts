import type { PortalFacts } from "../../lib/config/facts.ts";
import type { Context } from "../context.ts";
import { portalColumns } from "../initiator_columns.ts";

export default async function (
  this: Context,
  _flags: Record<never, never>,
  portal?: PortalFacts,
): Promise<void> {
  const control = await this.initiator();
  const none = "no portal to ask; sanctl initiator portal add ADDR:PORT adds one";
  this.output.list(await control.refreshPortals(portal), portalColumns, none);
}
