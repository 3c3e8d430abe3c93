/**
 * Files into which backups were being restored when their service was killed: they have names that
 * nothing else has, nobody has them open, and nothing was done to them for a while.
 */
import { fileFailure } from "../file_failure.ts";

const LEFT = /^\.sanctl-restore-[0-9a-f-]{36}\.vhd(\.partial)?(\.sjl)?$/;
/** One that is in use is not locked for moments, at which it has just been written to. */
const QUIET_MS = 60_000;

/** A name for a file that is to take a disk's place. */
export function restorePath(directory: string): string {
  return `${directory}/.sanctl-restore-${crypto.randomUUID()}.vhd`;
}

/**
 * Locks a file that is whole and waits for its turn, so that others see that it is wanted; it is
 * released before anybody opens it as a disk's.
 */
export async function holdRestore(path: string): Promise<{ release(): void }> {
  const file = await Deno.open(path);
  file.tryLockSync(false);
  let isHeld = true;
  return {
    release() {
      if (isHeld) file.close();
      isHeld = false;
    },
  };
}

/** Answers the paths that are gone. */
export async function removeLeftRestores(directory: string, now: Date): Promise<string[]> {
  const removed: string[] = [];
  try {
    for await (const { name, isFile } of Deno.readDir(directory)) {
      if (!isFile || !LEFT.test(name)) continue;
      const path = `${directory}/${name}`;
      if (await removeIfLeft(path, now)) removed.push(path);
    }
  } catch (error) {
    throw fileFailure(directory, error);
  }
  return removed;
}

async function removeIfLeft(path: string, now: Date): Promise<boolean> {
  try {
    using file = await Deno.open(path, { read: true, write: true });
    const { mtime } = await file.stat();
    if (mtime === null || now.getTime() - mtime.getTime() < QUIET_MS) return false;
    if (!file.tryLockSync(true)) return false;
    await Deno.remove(path);
    return true;
  } catch (error) {
    // Somebody else has removed it.
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}
