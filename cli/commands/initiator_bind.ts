import { ControlError } from "../../lib/config/control_error.ts";
import type { Context } from "../context.ts";
import type { InitiatorBindFlags } from "../routes/initiator.ts";

export default async function (
  this: Context,
  { off }: InitiatorBindFlags,
  device?: string,
): Promise<void> {
  if (!off && device !== undefined) {
    throw new ControlError(
      "usage",
      "all attached devices of persistent logins are bound, not one",
      "leave the device out, or add --off to bind it no more",
    );
  }
  const control = await this.initiator();
  const changed = off ? await control.unbind(device) : await control.bind();
  this.output.changed(
    changed,
    ({ bound }) => bound.length === 0 ? "no device is bound" : `bound: ${bound.join(", ")}`,
  );
}
