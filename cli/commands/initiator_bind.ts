import { ControlError } from "../../lib/config/control_error.ts";
import type { Context } from "../context.ts";
import type { InitiatorBindFlags } from "../routes/initiator.ts";
import { waitForBound } from "../wait_for_bound.ts";

const WAIT_SECONDS = 180;

export default async function (
  this: Context,
  { off, wait, timeout }: InitiatorBindFlags,
  device?: string,
): Promise<void> {
  if (wait) {
    if (off || device !== undefined) {
      const next = "leave everything else out";
      throw new ControlError("usage", "--wait waits for all bound devices", next);
    }
    const bound = await waitForBound(this, timeout ?? WAIT_SECONDS);
    return this.output.facts({ bound }, () => `all bound devices are there: ${bound.join(", ")}`);
  }
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
