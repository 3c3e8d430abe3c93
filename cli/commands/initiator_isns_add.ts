import type { PortalFacts } from "../../lib/config/facts.ts";
import type { Context } from "../context.ts";
import { formatAddress } from "../format_address.ts";

export default async function (
  this: Context,
  _flags: Record<never, never>,
  server: PortalFacts,
): Promise<void> {
  const control = await this.initiator();
  const changed = await control.addIsnsServer(server);
  this.output.changed(changed, ({ targets }) => {
    const found = targets === null ? "" : `; it shows ${targets} target${targets === 1 ? "" : "s"}`;
    return `iSNS server ${formatAddress(server)} is asked for targets${found}`;
  });
}
