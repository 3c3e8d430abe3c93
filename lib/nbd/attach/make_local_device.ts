/** A block device or a file of an export, as this machine gives one. */
import type { Logger } from "../../runtime/logger.ts";
import { AttachError } from "./attach_error.ts";
import { FuseFile } from "./fuse_file.ts";
import { KernelDevice } from "./kernel_device.ts";
import type { LocalDevice, LocalDeviceOptions } from "./local_device.ts";
import { ATTACH_WAYS, type AttachWay } from "./way.ts";

const MAKERS: Readonly<
  Record<AttachWay, (options: LocalDeviceOptions) => Promise<LocalDevice | undefined>>
> = {
  nbd: (options) => KernelDevice.connect(options),
  nbdfuse: (options) => FuseFile.mount(options),
  url: () => Promise.resolve(undefined),
};

/** By the way that is asked for, or the first that this machine gives; undefined: by URL alone. */
export async function makeLocalDevice(
  options: LocalDeviceOptions,
  way: AttachWay | undefined,
  logger: Logger,
): Promise<LocalDevice | undefined> {
  if (way !== undefined) return await MAKERS[way](options);
  for (const each of ATTACH_WAYS) {
    try {
      return await MAKERS[each](options);
    } catch (error) {
      if (!(error instanceof AttachError)) throw error;
      const { message: reason } = error;
      logger.info("cannot be attached that way", { name: options.exportName, way: each, reason });
    }
  }
  return undefined;
}
