import type { Context } from "../context.ts";
import type { DiskRemoveFlags } from "../routes/disk.ts";
import { formatSize } from "../size.ts";

export default async function (
  this: Context,
  { deleteFile, yes }: DiskRemoveFlags,
  name: string,
): Promise<void> {
  const control = await this.control();
  const { path, size } = await control.showDisk(name);
  if (path === null) {
    await this.confirm(`disk ${name} is in memory: its ${formatSize(size)} of data are lost`, yes);
  } else if (deleteFile) {
    await this.confirm(`${path} is deleted: ${formatSize(size)} of data are lost`, yes);
  }
  const changed = await control.removeDisk(name, { deleteFile });
  this.output.changed(changed, (disk) => {
    if (disk.path === null) return `disk ${disk.name} removed`;
    return `disk ${disk.name} removed; ${disk.path} ${disk.fileDeleted ? "deleted" : "stays"}`;
  });
}
