/** Which file is looked at where a disk is to be checked. */
import { ControlError } from "./control_error.ts";
import type { DeclaredDisk } from "./schema.ts";

export interface CheckedFile {
  /** What its owner calls it: the name of a disk, or of a snapshot. */
  readonly name: string;
  readonly path: string;
  readonly parent: string | undefined;
  /** The disk that it is of. */
  readonly disk: DeclaredDisk;
}

export function checkedFileOf(disk: DeclaredDisk): CheckedFile {
  const { name, path, format, parent, chain } = disk;
  if (path === undefined || format === "nbd") {
    const where = path === undefined ? "is in memory" : "is another server's";
    const what = `disk ${name} ${where}: it has no file that could be checked`;
    throw new ControlError("usage", what, "sanctl disk list shows which disks have files");
  }
  return { name: `disk ${name}`, path, parent: chain?.parent ?? parent, disk };
}
