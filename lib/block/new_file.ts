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
import { type FileStore, osFiles, type PlainFile } from "./file_store.ts";
import { freeSpace } from "./free_space.ts";

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
  readonly #handle: PlainFile;
  readonly #files: FileStore;
  #isClosed = false;

  private constructor(path: string, temporary: string, handle: PlainFile, files: FileStore) {
    this.path = path;
    this.#temporary = temporary;
    this.#handle = handle;
    this.#files = files;
  }

  /** Begins a file, readable by its owner alone; `commit` or `abandon` must end it. */
  static async create(path: string, files: FileStore = osFiles): Promise<NewFile> {
    let isTaken: boolean;
    try {
      isTaken = await files.exists(path);
    } catch (error) {
      throw createError(path, (error as Error).cause ?? error);
    }
    if (isTaken) throw taken(path);
    const temporary = join(dirname(path), `.sanctl-${crypto.randomUUID()}.partial`);
    try {
      return new NewFile(path, temporary, await files.createNew(temporary), files);
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
      await this.#handle.resize(length);
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
      await this.#handle.write(position, octets);
    } catch (error) {
      throw createError(this.path, error);
    }
  }

  /** Puts all of it on the medium, then gives it its name, for good. */
  async commit(): Promise<void> {
    try {
      await this.#handle.sync();
      await this.#files.nameExclusively(this.#temporary, this.path);
      this.#close();
      await this.#files.syncDirectory(dirname(this.path));
    } catch (error) {
      throw createError(this.path, error);
    }
  }

  /** Removes what there is of it. */
  async abandon(): Promise<void> {
    this.#close();
    await this.#files.remove(this.#temporary);
  }

  /** A commit that failed late has done so already. */
  #close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#handle.close();
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
