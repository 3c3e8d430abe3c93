/**
 * The lock on a state directory: the running service holds it for life, an offline command while it
 * changes the state. The operating system lets go of it when its holder ends, however it ends.
 */
import { ControlError } from "./control_error.ts";
import { lockFile } from "./state_directory.ts";
import { makeStateDirectory } from "./make_state_directory.ts";

/** Who holds the lock, as told to those that it keeps waiting. */
export interface LockHolder {
  readonly pid: number;
  readonly role: "service" | "command";
}

/**
 * A command waits ten seconds for others to finish, in tries this far apart: a script may start
 * twenty at once, on a machine that is busy.
 */
const RETRY_MS = 25;
const TRIES = 400;

export class StateLock {
  readonly #file: Deno.FsFile;

  private constructor(file: Deno.FsFile) {
    this.#file = file;
  }

  /** Takes the lock, or refuses with who holds it. */
  static async take(directory: string, role: LockHolder["role"]): Promise<StateLock> {
    await makeStateDirectory(directory);
    const file = await openLockFile(directory);
    for (let attempt = 0; attempt < TRIES; attempt++) {
      if (await file.tryLock(true)) {
        await describe(file, { pid: Deno.pid, role });
        return new StateLock(file);
      }
      const holder = readHolder(directory);
      // A service keeps the lock for life: waiting for it would be in vain.
      if (holder?.role === "service" && attempt > 0) break;
      await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
    }
    file.close();
    throw heldBy(directory, readHolder(directory));
  }

  /** Has a command hold the lock for as long as `action` takes. */
  static async during<T>(directory: string, action: () => Promise<T>): Promise<T> {
    const lock = await StateLock.take(directory, "command");
    try {
      return await action();
    } finally {
      lock.release();
    }
  }

  /** Lets go of the lock; the file stays, since removing it would let two hold it. */
  release(): void {
    this.#file.close();
  }
}

async function openLockFile(directory: string): Promise<Deno.FsFile> {
  try {
    return await Deno.open(lockFile(directory), {
      read: true,
      write: true,
      create: true,
      mode: 0o600,
    });
  } catch (error) {
    if (!(error instanceof Deno.errors.PermissionDenied)) throw error;
    throw new ControlError(
      "permission",
      `no permission to lock the state directory ${directory}`,
      "run the command as the user that the service runs as, or choose another --state-dir",
      { cause: error },
    );
  }
}

async function describe(file: Deno.FsFile, holder: LockHolder): Promise<void> {
  const text = new TextEncoder().encode(`${JSON.stringify(holder)}\n`);
  await file.truncate(0);
  await file.seek(0, Deno.SeekMode.Start);
  await file.write(text);
}

function readHolder(directory: string): LockHolder | undefined {
  try {
    const holder: unknown = JSON.parse(Deno.readTextFileSync(lockFile(directory)));
    return isHolder(holder) ? holder : undefined;
  } catch (error) {
    // It is being written at this moment, or gone.
    if (error instanceof SyntaxError || error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

function isHolder(value: unknown): value is LockHolder {
  return typeof value === "object" && value !== null &&
    "pid" in value && typeof value.pid === "number" &&
    "role" in value && (value.role === "service" || value.role === "command");
}

function heldBy(directory: string, holder: LockHolder | undefined): ControlError {
  const who = holder === undefined ? "another process" : `a ${holder.role} (process ${holder.pid})`;
  return new ControlError(
    "in-use",
    `the state directory ${directory} is in use by ${who}`,
    holder?.role === "service"
      ? "stop that service first, or use another --state-dir"
      : "try again when it is done",
  );
}
