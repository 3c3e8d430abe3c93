/**
 * Files that are replaced as a whole: whatever happens meanwhile, the file is the one from before
 * or the new one, and once it is replaced it stays so through a loss of power.
 */
import { directoryOf } from "../runtime/path.ts";
import { syncDirectory } from "./sync_directory.ts";

/** Puts `octets` in place of what the file held, readable by its user alone unless `mode` says. */
export async function replaceFile(path: string, octets: Uint8Array, mode = 0o600): Promise<void> {
  const next = `${path}.new`;
  try {
    await writeDurably(next, octets, mode);
    await Deno.rename(next, path);
  } catch (error) {
    await Deno.remove(next).catch(() => undefined);
    throw error;
  }
  await syncDirectory(directoryOf(path));
}

async function writeDurably(path: string, octets: Uint8Array, mode: number): Promise<void> {
  // What an interrupted replacement left behind, perhaps with another mode.
  await Deno.remove(path).catch(ignoreNotFound);
  using file = await Deno.open(path, { write: true, createNew: true, mode });
  for (let at = 0; at < octets.length;) at += await file.write(octets.subarray(at));
  await file.sync();
}

function ignoreNotFound(error: unknown): void {
  if (!(error instanceof Deno.errors.NotFound)) throw error;
}
