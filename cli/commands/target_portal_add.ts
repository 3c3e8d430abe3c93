import type { PortalFacts } from "../../lib/config/facts.ts";
import type { Context } from "../context.ts";
import { formatAddress } from "../format_address.ts";
import type { PortalAddFlags } from "../routes/target_portal.ts";

export default async function (
  this: Context,
  { group, advertise, force, yes }: PortalAddFlags,
  { address, port }: PortalFacts,
): Promise<void> {
  const control = await this.control();
  if (force) await this.confirm("sessions whose portal goes are ended", yes);
  const changed = await control.addPortal({ address, port, group, advertise }, { force });
  this.output.changed(
    changed,
    (portal) => `portal ${formatAddress(portal)} added, in portal group ${portal.group}`,
  );
}
