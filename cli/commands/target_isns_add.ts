import type { IsnsServerFacts, PortalFacts } from "../../lib/config/facts.ts";
import type { Context } from "../context.ts";
import { formatAddress } from "../format_address.ts";

export default async function (
  this: Context,
  _flags: Record<never, never>,
  server: PortalFacts,
): Promise<void> {
  const control = await this.control();
  const changed = await control.addIsnsServer(server);
  this.output.changed(changed, said);
}

function said(server: IsnsServerFacts): string {
  const name = `iSNS server ${formatAddress(server)}`;
  const { state, targets } = server;
  switch (state) {
    case "registered":
      return `${name} knows ${targets} target${targets === 1 ? "" : "s"} now`;
    case "idle":
      return `${name} added; no target is open to anybody yet: sanctl target allow`;
    case "stopped":
      return `${name} added; targets are registered when the service runs`;
    default:
      return `${name} added`;
  }
}
