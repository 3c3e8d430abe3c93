import type { PortalFacts } from "../../lib/config/facts.ts";
import type { Context } from "../context.ts";
import { formatAddress } from "../format_address.ts";
import type { PortalRemoveFlags } from "../routes/target_portal.ts";

export default async function (
  this: Context,
  { force, yes }: PortalRemoveFlags,
  { address, port }: PortalFacts,
): Promise<void> {
  const control = await this.control();
  if (force) await this.confirm("sessions whose portal goes are ended", yes);
  const changed = await control.removePortal({ address, port }, { force });
  this.output.changed(changed, (portal) => `portal ${formatAddress(portal)} removed`);
}
