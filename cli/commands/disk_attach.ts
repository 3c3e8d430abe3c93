import { attachedText } from "../attachment.ts";
import type { Context } from "../context.ts";
import type { DiskAttachFlags } from "../routes/disk.ts";

export default async function (
  this: Context,
  { readOnly, way }: DiskAttachFlags,
  name: string,
): Promise<void> {
  const control = await this.control();
  const changed = await control.attachDisk(name, { readOnly, way });
  this.output.changed(changed, (disk) => attachedText(`disk ${disk.name}`, disk.attached!));
}
