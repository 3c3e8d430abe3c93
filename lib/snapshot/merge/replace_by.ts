import { dirname } from "node:path";
import { syncDirectory } from "../../block/sync_directory.ts";

/** Gives a file the name of another, which is gone then, and says when it was last written to. */
export async function replaceBy(path: string, name: string, modifiedAt: Date): Promise<void> {
  await Deno.utime(path, modifiedAt, modifiedAt);
  {
    using file = await Deno.open(path, { read: true });
    await file.sync(); // its times too
  }
  await Deno.rename(path, name);
  await syncDirectory(dirname(name));
}
