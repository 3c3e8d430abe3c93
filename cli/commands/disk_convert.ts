import { ControlError } from "../../lib/config/control_error.ts";
import { isDeviceUrl, typeOfFile } from "../../lib/image_copy.ts";
import type { Context } from "../context.ts";
import { copyDisk } from "../copy_disk.ts";
import type { DiskCopyFlags } from "../routes/disk_copy.ts";

export default async function (
  this: Context,
  flags: DiskCopyFlags,
  source: string,
  destination: string,
): Promise<void> {
  if (isDeviceUrl(destination)) {
    const next = "name a new file, or use sanctl disk copy";
    throw new ControlError("usage", `${destination} is no file that could be made`, next);
  }
  if (flags.type === undefined && typeOfFile(destination) === undefined) {
    const next = "say it with --type, or let the name end in .vhd, .img or .raw";
    throw new ControlError("usage", `the name ${destination} does not say what to make`, next);
  }
  await copyDisk(this, flags, source, destination);
}
