/** The control of a declared state that no service keeps. */
import type { Control } from "./control.ts";
import { LazyDiskFiles } from "./lazy_disk_files.ts";
import { OfflineKeeper } from "./offline.ts";
import { StateControl } from "./state_control.ts";

export function offlineControl(directory: string): Control {
  const files = new LazyDiskFiles(async () => {
    const { localDiskFiles } = await import("./local_disk_files.ts");
    return localDiskFiles;
  });
  return new StateControl(new OfflineKeeper(directory, files));
}
