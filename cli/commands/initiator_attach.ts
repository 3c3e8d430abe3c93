import type { Context } from "../context.ts";
import type { InitiatorAttachFlags } from "../routes/initiator.ts";

export default async function (
  this: Context,
  { readOnly }: InitiatorAttachFlags,
  device: string,
): Promise<void> {
  const control = await this.initiator();
  const changed = await control.attach(device, { readOnly });
  this.output.changed(
    changed,
    ({ name, attached }) => `device ${name} is attached: ${attached?.path ?? attached?.url ?? ""}`,
  );
}
