import type { PortalFacts } from "../../lib/config/facts.ts";
import { readAccounts } from "../account.ts";
import type { Context } from "../context.ts";
import { formatAddress } from "../format_address.ts";
import type { InitiatorPortalAddFlags } from "../routes/initiator_portal.ts";

export default async function (
  this: Context,
  flags: InitiatorPortalAddFlags,
  portal: PortalFacts,
): Promise<void> {
  const { headerDigest, dataDigest } = flags;
  const accounts = await readAccounts(this, flags);
  const control = await this.initiator();
  const changed = await control.addPortal({ ...portal, ...accounts, headerDigest, dataDigest });
  this.output.changed(changed, ({ targets }) => {
    const found = targets === null
      ? ""
      : `; it offers ${targets} target${targets === 1 ? "" : "s"}`;
    return `portal ${formatAddress(portal)} is asked for targets${found}`;
  });
}
