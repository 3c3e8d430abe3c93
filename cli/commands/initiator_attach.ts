import { attachedText } from "../attachment.ts";
import type { Context } from "../context.ts";
import type { InitiatorAttachFlags } from "../routes/initiator.ts";

export default async function (
  this: Context,
  { readOnly, way }: InitiatorAttachFlags,
  device: string,
): Promise<void> {
  const control = await this.initiator();
  const changed = await control.attach(device, { readOnly, way });
  this.output.changed(
    changed,
    ({ name, attached }) => attachedText(`device ${name}`, attached!),
  );
}
