/** How much a file system has left. */
import fs from "node:fs";

/** Octets that we may still take on the file system of `path`. */
export function freeSpace(path: string): number {
  const { bavail, bsize } = fs.statfsSync(path);
  return bavail * bsize;
}
