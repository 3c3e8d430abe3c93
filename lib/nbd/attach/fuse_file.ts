/**
 * An export as a file, by libnbd's nbdfuse. Its process is ours while we live; when we do not, it
 * stays until its directory is unmounted, with errors for whoever uses the file.
 */
import { AttachError } from "./attach_error.ts";
import type { LocalDevice, LocalDeviceOptions } from "./local_device.ts";
import { findProgram, isUnavailable, runProgram } from "../../runtime/program.ts";

/** How long the file may take to appear, and in which steps it is looked for. */
const APPEAR_MS = 10_000;
const LOOK_MS = 20;

export class FuseFile implements LocalDevice {
  readonly way = "nbdfuse";
  readonly path: string;
  readonly #directory: string;
  readonly #child: Deno.ChildProcess;
  readonly #ended: Promise<unknown>;
  #isOver = false;

  private constructor(path: string, directory: string, child: Deno.ChildProcess) {
    this.path = path;
    this.#directory = directory;
    this.#child = child;
    this.#ended = child.status.then(() => this.#isOver = true);
  }

  /** Fails with why this machine gives no such file. */
  static async mount(options: LocalDeviceOptions): Promise<FuseFile> {
    const program = await findProgram("nbdfuse");
    if (program === undefined) throw unavailable("there is no program nbdfuse");
    const directory = `${options.directory}/${options.fileName}`;
    const path = `${directory}/${options.fileName}`;
    await Deno.mkdir(directory, { recursive: true, mode: 0o700 });
    const args = [...(options.readOnly ? ["--readonly"] : []), path, options.url];
    let child: Deno.ChildProcess;
    try {
      const streams = { stdin: "null", stdout: "null", stderr: "null" } as const;
      child = new Deno.Command(program, { args, ...streams }).spawn();
    } catch (error) {
      await Deno.remove(directory);
      if (isUnavailable(error)) throw unavailable("nbdfuse may not be run");
      throw error;
    }
    const file = new FuseFile(path, directory, child);
    if (await file.#appears()) return file;
    await file.#abandon();
    throw unavailable("nbdfuse cannot mount it: is there /dev/fuse, and fusermount3?");
  }

  /** False: nbdfuse has ended, or takes too long. */
  async #appears(): Promise<boolean> {
    for (let waitedMs = 0; waitedMs < APPEAR_MS && !this.#isOver; waitedMs += LOOK_MS) {
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

  async release({ force }: { readonly force: boolean }): Promise<string[]> {
    const isUnused = this.#isOver || await unmount(this.#directory, false);
    if (!isUnused && !force) {
      const next = "end the programs that have it open, or add --force: they lose it";
      throw new AttachError("in-use", `${this.path} is open`, next);
    }
    // Whoever has it open keeps a file that only fails; so does one whose nbdfuse has ended.
    if (!isUnused || this.#isOver) await unmount(this.#directory, true);
    await this.#ended;
    await Deno.remove(this.#directory);
    return isUnused ? [] : [`programs that have ${this.path} open can write it no more`];
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
  const ran = Deno.uid() === 0
    ? await runProgram("umount", [...(lazily ? ["-l"] : []), directory])
    : await runProgram("fusermount3", ["-u", ...(lazily ? ["-z"] : []), directory]);
  return ran?.success ?? false;
}

function unavailable(why: string): AttachError {
  const next = "install it (Debian: libnbd-bin and fuse3), or attach it another way: --way url";
  return new AttachError("failed", `a file cannot be made of it: ${why}`, next);
}
