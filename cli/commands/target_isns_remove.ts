import type { PortalFacts } from "../../lib/config/facts.ts";
import type { Context } from "../context.ts";
import { formatAddress } from "../format_address.ts";

export default async function (
  this: Context,
  _flags: Record<never, never>,
  server: PortalFacts,
): Promise<void> {
  const control = await this.control();
  const changed = await control.removeIsnsServer(server);
  this.output.changed(changed, (facts) => `iSNS server ${formatAddress(facts)} removed`);
}
