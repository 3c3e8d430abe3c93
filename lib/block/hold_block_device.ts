/** Keeps a block device for ourselves: neither is it mounted, nor is it while it is held. */
import fs from "node:fs";
import { openError } from "./open_disk_file.ts";

/** Answers what lets go of it; fails with a FileError where the system uses it. */
export function holdBlockDevice(path: string): () => void {
  try {
    // open(2): of a block device, O_EXCL fails where the system uses it, or a partition of it.
    const fd = fs.openSync(path, fs.constants.O_RDONLY | fs.constants.O_EXCL);
    return () => fs.closeSync(fd);
  } catch (error) {
    throw openError(path, error);
  }
}
