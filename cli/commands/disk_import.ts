import { isExportUrl } from "../../lib/config/export_url.ts";
import { absolute } from "../../lib/config/state_directory.ts";
import type { Context } from "../context.ts";
import { formatOf } from "../format_of.ts";
import { blockLengthOf } from "../parameters.ts";
import type { DiskImportFlags } from "../routes/disk.ts";
import { formatSize } from "../size.ts";

export default async function (
  this: Context,
  { name, description, logicalBlock, physicalBlock, parent, force }: DiskImportFlags,
  file: string,
): Promise<void> {
  const control = await this.control();
  const changed = await control.importDisk({
    path: isExportUrl(file) ? file : absolute(file),
    parent: parent === undefined ? undefined : absolute(parent),
    force,
    name,
    description,
    logicalBlockLength: blockLengthOf(logicalBlock),
    physicalBlockLength: blockLengthOf(physicalBlock),
  });
  this.output.changed(changed, (disk) => {
    return `disk ${disk.name} imported: ${formatSize(disk.size)}, ${formatOf(disk)}`;
  });
}
