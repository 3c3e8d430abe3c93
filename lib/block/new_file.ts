/**
 * A file that appears under its name whole or not at all: made under a hidden temporary name beside
 * it, synced, and only then named. A name that is taken is refused, even if it is taken meanwhile.
 * A process that is killed leaves the hidden file, `.sanctl-….partial`, which may be removed.
 */
import fs from "node:fs";
import { basename, dirname, join } from "node:path";
import { errorCode } from "./errno.ts";
import { FileError, type FileErrorKind } from "./file_error.ts";
import { FileSpace } from "./file_space.ts";
import { freeSpace } from "./free_space.ts";
import { syncDirectory } from "./sync_directory.ts";

export interface AllocateOptions {
  /** Aborting it fails the allocation with its reason. */
  readonly signal?: AbortSignal | undefined;
  /** Told how many octets are done, of how many. */
  readonly progress?: ((done: number, total: number) => void) | undefined;
  /** False: the C library is left alone, whatever the permissions. */
  readonly ffi?: boolean | undefined;
}

/** Reserved in one call; between two an abort is heard. */
const RESERVED_LENGTH = 1 << 30;
const ZEROS_LENGTH = 1 << 20;

export class NewFile {
  readonly path: string;
  readonly #temporary: string;
  readonly #handle: Deno.FsFile;

  private constructor(path: string, temporary: string, handle: Deno.FsFile) {
    this.path = path;
    this.#temporary = temporary;
    this.#handle = handle;
  }

  /** Begins a file, readable by its owner alone; `commit` or `abandon` must end it. */
  static async create(path: string): Promise<NewFile> {
    try {
      await Deno.lstat(path);
      throw taken(path);
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw createError(path, error);
    }
    const temporary = join(dirname(path), `.sanctl-${crypto.randomUUID()}.partial`);
    try {
      const handle = await Deno.open(temporary, { write: true, createNew: true, mode: 0o600 });
      return new NewFile(path, temporary, handle);
    } catch (error) {
      throw createError(path, error);
    }
  }

  /** Where it is until it has its name: it may be opened there, and must be closed by then. */
  get partialPath(): string {
    return this.#temporary;
  }

  /** Makes the file `length` octets long, of zeros that take no space. */
  async extend(length: number): Promise<void> {
    try {
      await this.#handle.truncate(length);
    } catch (error) {
      throw createError(this.path, error);
    }
  }

  /** Makes the file `length` octets long, of zeros for which space is set aside. */
  async allocate(length: number, options: AllocateOptions = {}): Promise<void> {
    this.#requireSpace(length);
    try {
      const reserved = await this.#reserve(length, options);
      await this.#writeZeros(reserved, length, options);
    } catch (error) {
      throw createError(this.path, error);
    }
  }

  async write(position: number, octets: Uint8Array): Promise<void> {
    try {
      await this.#handle.seek(position, Deno.SeekMode.Start);
      for (let done = 0; done < octets.length;) {
        done += await this.#handle.write(octets.subarray(done));
      }
    } catch (error) {
      throw createError(this.path, error);
    }
  }

  /** Puts all of it on the medium, then gives it its name, for good. */
  async commit(): Promise<void> {
    try {
      await this.#handle.sync();
      await nameExclusively(this.#temporary, this.path);
      this.#handle.close();
      await syncDirectory(dirname(this.path));
    } catch (error) {
      throw createError(this.path, error);
    }
  }

  /** Removes what there is of it. */
  async abandon(): Promise<void> {
    try {
      this.#handle.close();
    } catch (error) {
      // Closed already by a commit that failed late.
      if (!(error instanceof Deno.errors.BadResource)) throw error;
    }
    try {
      await Deno.remove(this.#temporary);
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    }
  }

  #requireSpace(length: number): void {
    const free = freeSpace(dirname(this.path));
    if (free >= length) return;
    throw new FileError(
      "no-space",
      `cannot create ${this.path}: it needs ${length} octets and ${length - free} of them are ` +
        "missing on its file system; free them, or make it sparse",
      { path: this.path },
    );
  }

  /** Has the file system set space aside; answers from where on it did not. */
  async #reserve(length: number, options: AllocateOptions): Promise<number> {
    const space = options.ffi === false ? undefined : FileSpace.open();
    if (space === undefined) return 0;
    const fd = fs.openSync(this.#temporary, "r+");
    try {
      let done = 0;
      while (done < length) {
        options.signal?.throwIfAborted();
        const piece = Math.min(RESERVED_LENGTH, length - done);
        if (!await space.allocate(fd, done, piece)) break;
        done += piece;
        options.progress?.(done, length);
      }
      return done;
    } finally {
      fs.closeSync(fd);
    }
  }

  async #writeZeros(from: number, length: number, options: AllocateOptions): Promise<void> {
    if (from === length) return;
    const zeros = new Uint8Array(Math.min(ZEROS_LENGTH, length - from));
    for (let done = from; done < length;) {
      options.signal?.throwIfAborted();
      const piece = Math.min(zeros.length, length - done);
      await this.write(done, zeros.subarray(0, piece));
      done += piece;
      options.progress?.(done, length);
    }
  }
}

/** Names a file, unless the name is taken. */
export async function nameExclusively(temporary: string, path: string): Promise<void> {
  try {
    // A second name for it, since renaming would replace another file without a word.
    await Deno.link(temporary, path);
  } catch (error) {
    if (error instanceof Deno.errors.AlreadyExists) throw error;
    return await renameExclusively(temporary, path);
  }
  await Deno.remove(temporary);
}

/**
 * For file systems that know no second names: nearly as good, as long as nobody else names one now.
 */
async function renameExclusively(temporary: string, path: string): Promise<void> {
  try {
    await Deno.lstat(path);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    return await Deno.rename(temporary, path);
  }
  throw taken(path);
}

function taken(path: string): FileError {
  return new FileError(
    "exists",
    `cannot create ${basename(path)}: ${path} exists; take another name, or remove it first`,
    { path },
  );
}

const CREATE_ERRORS: Readonly<Record<string, [FileErrorKind, string]>> = {
  EEXIST: ["exists", "it exists; take another name, or remove it first"],
  ENOENT: ["not-found", "its directory does not exist; create that first"],
  ENOTDIR: ["not-found", "part of its path is not a directory"],
  EACCES: ["no-permission", "the directory's permissions do not allow it"],
  EPERM: ["no-permission", "the system does not allow it"],
  EROFS: ["no-permission", "its file system is read-only"],
  ENOSPC: ["no-space", "its file system is full"],
  EDQUOT: ["no-space", "the quota is used up"],
  EFBIG: ["unsuitable", "its file system has no files that large"],
  ENAMETOOLONG: ["unsuitable", "its name is too long"],
};

/** The system's failure to make a file; what the system did not report is passed on as it is. */
function createError(path: string, cause: unknown): unknown {
  const code = errorCode(cause);
  if (cause instanceof FileError || !(cause instanceof Error) || code === undefined) return cause;
  const [kind, reason] = CREATE_ERRORS[code] ?? ["unsuitable", cause.message];
  return new FileError(kind, `cannot create ${path}: ${reason}`, { path, cause });
}
