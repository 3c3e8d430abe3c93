import { ControlError } from "../../lib/config/control_error.ts";
import type { PortalFacts } from "../../lib/config/facts.ts";
import type { Context } from "../context.ts";
import { formatAddress } from "../format_address.ts";
import type { PortalSetFlags } from "../routes/target_portal.ts";

export default async function (
  this: Context,
  { address, port, group, advertise, force, yes }: PortalSetFlags,
  portal: PortalFacts,
): Promise<void> {
  const changes = { address, port, group, advertise: advertise === "" ? null : advertise };
  if (Object.values(changes).every((change) => change === undefined)) {
    const nextStep = "give --port, --address, --group or --advertise";
    const message = `nothing to change about portal ${formatAddress(portal)}`;
    throw new ControlError("usage", message, nextStep);
  }
  const control = await this.control();
  if (force) await this.confirm("sessions whose portal goes are ended", yes);
  const changed = await control.setPortal(portal, changes, { force });
  this.output.changed(changed, ({ group, advertise, ...now }) => {
    const told = advertise === null ? "" : `, advertised as ${advertise}`;
    return `portal ${formatAddress(now)} changed: portal group ${group}${told}`;
  });
}
