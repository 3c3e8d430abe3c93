import { isDeviceUrl } from "../../lib/image_copy.ts";
import type { Context } from "../context.ts";
import { copyDisk } from "../copy_disk.ts";
import type { DiskCopyFlags } from "../routes/disk_copy.ts";

export default async function (
  this: Context,
  flags: DiskCopyFlags,
  source: string,
  destination: string,
): Promise<void> {
  const type = isDeviceUrl(destination) ? undefined : flags.type;
  await copyDisk(this, { ...flags, type }, source, destination);
}
