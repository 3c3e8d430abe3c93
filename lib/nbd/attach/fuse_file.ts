/**
 * An export as a file, by libnbd's nbdfuse. Its process is ours while we live; when we do not, it
 * stays until its directory is unmounted, with errors for whoever uses the file.
 */
import { AttachError } from "./attach_error.ts";

export interface FuseFileOptions {
  /** Made for it alone. */
  readonly directory: string;
  /** The file in it. */
  readonly name: string;
  readonly url: string;
  readonly readOnly: boolean;
}

/** How long the file may take to appear, and in which steps it is looked for. */
const APPEAR_MS = 10_000;
const LOOK_MS = 20;

export class FuseFile {
  readonly path: string;
  readonly #directory: string;
  readonly #child: Deno.ChildProcess;
  readonly #ended: Promise<unknown>;

  private constructor(path: string, directory: string, child: Deno.ChildProcess) {
    this.path = path;
    this.#directory = directory;
    this.#child = child;
    this.#ended = child.status;
  }

  /** Undefined: this machine has no nbdfuse, or lets us run none. */
  static async mount(options: FuseFileOptions): Promise<FuseFile | undefined> {
    const { directory, name, url, readOnly } = options;
    await Deno.mkdir(directory, { recursive: true, mode: 0o700 });
    const path = `${directory}/${name}`;
    const args = [...(readOnly ? ["--readonly"] : []), path, url];
    let child: Deno.ChildProcess;
    try {
      child = new Deno.Command("nbdfuse", {
        args,
        stdin: "null",
        stdout: "null",
        stderr: "null",
      }).spawn();
    } catch (error) {
      await Deno.remove(directory);
      if (error instanceof Deno.errors.NotFound) return undefined;
      if (error instanceof Deno.errors.NotCapable) return undefined;
      throw error;
    }
    const file = new FuseFile(path, directory, child);
    if (await file.#appears()) return file;
    await file.#abandon();
    return undefined;
  }

  /** False: nbdfuse has ended, or takes too long. */
  async #appears(): Promise<boolean> {
    let isOver = false;
    this.#ended.then(() => isOver = true);
    for (let waitedMs = 0; waitedMs < APPEAR_MS && !isOver; waitedMs += LOOK_MS) {
      if (await isThere(this.path)) return true;
      await new Promise((then) => setTimeout(then, LOOK_MS));
    }
    return false;
  }

  async #abandon(): Promise<void> {
    await unmount(this.#directory, true);
    try {
      this.#child.kill("SIGTERM");
    } catch (error) {
      // It has ended by itself.
      if (!(error instanceof TypeError)) throw error;
    }
    await this.#ended;
    await Deno.remove(this.#directory);
  }

  /** Takes the file away; refused while somebody has it open, unless forced. */
  async unmount(force: boolean): Promise<void> {
    if (!await unmount(this.#directory, force)) {
      throw new AttachError(
        "in-use",
        `${this.path} is open`,
        "unmount what is on it, detach its loop devices (losetup -d), and try again",
      );
    }
    await this.#ended;
    await Deno.remove(this.#directory);
  }
}

/** Takes away what a service that has crashed has left: nobody serves it any more. */
export async function removeLeftMount(directory: string): Promise<void> {
  await unmount(directory, true);
  await Deno.remove(directory);
}

async function isThere(path: string): Promise<boolean> {
  try {
    await Deno.stat(path);
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

/** False: it is in use. With `lazily`, whoever has it open keeps a file that only fails. */
async function unmount(directory: string, lazily: boolean): Promise<boolean> {
  const lazy = lazily ? ["-l"] : [];
  if (Deno.uid() === 0) return await succeeds("umount", [...lazy, directory]);
  return await succeeds("fusermount3", ["-u", ...(lazily ? ["-z"] : []), directory]);
}

async function succeeds(program: string, args: readonly string[]): Promise<boolean> {
  try {
    const command = new Deno.Command(program, { args: [...args], stdin: "null" });
    return (await command.output()).success;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}
