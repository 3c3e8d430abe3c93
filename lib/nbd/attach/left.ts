/** What a service that has crashed has left of its attachments: nobody serves that any more. */
import type { Logger } from "../../runtime/logger.ts";
import { clearStack } from "./clear_stack.ts";
import { removeLeftMount } from "./fuse_file.ts";
import { disconnectLeft, isRecord, leftDevice } from "./kernel_device.ts";

/** Takes it all away; what file systems on it had not written out is lost with the crash. */
export async function clearLeft(folder: string, logger: Logger): Promise<void> {
  for await (const { name, isDirectory } of Deno.readDir(folder)) {
    const path = `${folder}/${name}`;
    logger.warn("takes away what was attached when an earlier service ended", { name });
    if (isDirectory) {
      await letGo(`${path}/${name}`, logger);
      await removeLeftMount(path);
    } else if (isRecord(name)) {
      const device = await leftDevice(path);
      if (device !== undefined) {
        await letGo(device, logger);
        await disconnectLeft(device);
      }
      await Deno.remove(path);
    }
  }
}

async function letGo(path: string, logger: Logger): Promise<void> {
  for (const what of await clearStack(path)) logger.warn("what stood on it", { what });
}
