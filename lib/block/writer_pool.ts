/**
 * Asynchronous writes over several handles of one file. Each handle has a place of its own in the
 * file and is one writer's alone from the seek to the last octet: two at once would write at each
 * other's.
 */

import { errorCode } from "./errno.ts";
import { FileError } from "./file_error.ts";

const MOST_WRITERS = 8;

export class WriterPool {
  readonly #idle: Deno.FsFile[] = [];
  readonly #waiting: ((handle: Deno.FsFile) => void)[] = [];
  readonly #open: () => Deno.FsFile;
  #count = 0;

  /** `open` makes one more handle of the file. */
  constructor(open: () => Deno.FsFile) {
    this.#open = open;
  }

  /** False: no handle could be opened, and nothing is written. */
  async write(position: number, from: Uint8Array, at: number, length: number): Promise<boolean> {
    const handle = await this.#take();
    if (handle === undefined) return false;
    try {
      await handle.seek(position, Deno.SeekMode.Start);
      let done = 0;
      while (done < length) done += await handle.write(from.subarray(at + done, at + length));
      return true;
    } finally {
      const next = this.#waiting.shift();
      if (next === undefined) this.#idle.push(handle);
      else next(handle);
    }
  }

  close(): void {
    for (const handle of this.#idle.splice(0)) handle.close();
    this.#count = 0;
  }

  #take(): Deno.FsFile | undefined | Promise<Deno.FsFile> {
    const idle = this.#idle.pop();
    if (idle !== undefined) return idle;
    if (this.#count < MOST_WRITERS) {
      const handle = this.#openOne();
      if (handle !== undefined || this.#count === 0) return handle;
    }
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  /** A further handle is a gain, not a need: a file may be renamed while it is in use. */
  #openOne(): Deno.FsFile | undefined {
    try {
      const handle = this.#open();
      this.#count++;
      return handle;
    } catch (error) {
      if (error instanceof FileError || errorCode(error) !== undefined) return undefined;
      throw error;
    }
  }
}
