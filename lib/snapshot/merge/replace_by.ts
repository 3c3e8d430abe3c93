import { dirname } from "node:path";
import type { FileStore } from "../../block/file_store.ts";

/** Gives a file the name of another, which is gone then, and says when it was last written to. */
export async function replaceBy(
  path: string,
  name: string,
  modifiedAt: Date,
  files: FileStore,
): Promise<void> {
  await files.touch(path, modifiedAt);
  await files.syncAll(path);
  await files.rename(path, name);
  await files.syncDirectory(dirname(name));
}
