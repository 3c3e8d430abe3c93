import type { PortalFacts } from "../../lib/config/facts.ts";
import type { Context } from "../context.ts";
import { formatAddress } from "../format_address.ts";

export default async function (
  this: Context,
  _flags: Record<never, never>,
  portal: PortalFacts,
): Promise<void> {
  const control = await this.initiator();
  const changed = await control.removePortal(portal);
  this.output.changed(changed, (facts) => `portal ${formatAddress(facts)} is asked no more`);
}
