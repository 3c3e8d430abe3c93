import type { Context } from "../context.ts";
import type { InitiatorForceFlags } from "../routes/initiator.ts";

export default async function (
  this: Context,
  { force = false }: InitiatorForceFlags,
  device: string,
): Promise<void> {
  const control = await this.initiator();
  const changed = await control.detach(device, { force });
  this.output.changed(changed, ({ name }) => `device ${name} is flushed and detached`);
}
