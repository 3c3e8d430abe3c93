/**
 * A file or block device of this machine, locked for as long as it is open. One descriptor serves
 * what is done at once and the syncs, so that a write-back failure is reported to it whoever wrote;
 * pools of further ones serve what waits. The lock is flock(2)'s: advisory, exclusive for a writer
 * and shared among readers, ended by the kernel with the process. On NFS it holds between machines
 * since Linux 2.6.12; on file systems that know no locks it cannot be had, and opening says so.
 */
import fs from "node:fs";
import { claimBlockDevice, type Release } from "./block_claim.ts";
import { DeviceError } from "./device.ts";
import { deviceError, errorCode } from "./errno.ts";
import { FileError } from "./file_error.ts";
import { type FileRun, FileSpace } from "./file_space.ts";
import { freeSpace } from "./free_space.ts";
import { openDiskFile, openError } from "./open_disk_file.ts";
import { PageCache } from "./page_cache.ts";
import type { PositionalFile } from "./positional_file.ts";
import { ReaderPool } from "./reader_pool.ts";
import { WriterPool } from "./writer_pool.ts";

export interface OsFileOptions {
  readonly readOnly?: boolean;
  /** False: the C library is left alone, whatever the permissions. */
  readonly ffi?: boolean;
  /** A writer that lets readers be: it writes nothing that any of them reads from this file. */
  readonly besideReaders?: boolean;
  /** Further descriptors for what waits to be read, at most. */
  readonly mostReaders?: number;
}

/** What stays the same when a file is renamed, and differs when another takes its name. */
interface FileId {
  readonly dev: number | null;
  readonly ino: number | null;
}

export class OsFile implements PositionalFile {
  readonly path: string;
  readonly writable: boolean;
  readonly cached: boolean;
  readonly punches: boolean;
  /** A block device has the size that the system gave it. */
  readonly isBlockDevice: boolean;
  readonly #lock: Deno.FsFile;
  readonly #claim: Release | undefined;
  readonly #fd: number;
  readonly #id: FileId;
  readonly #readers: ReaderPool;
  readonly #writers: WriterPool;
  readonly #pageCache: PageCache | undefined;
  readonly #space: FileSpace | undefined;
  #length: number;

  private constructor(parts: {
    path: string;
    writable: boolean;
    length: number;
    lock: Deno.FsFile;
    claim: Release | undefined;
    fd: number;
    pageCache: PageCache | undefined;
    space: FileSpace | undefined;
    punches: boolean;
    mostReaders: number | undefined;
  }) {
    this.path = parts.path;
    this.writable = parts.writable;
    this.#length = parts.length;
    this.punches = parts.punches;
    this.#lock = parts.lock;
    this.#claim = parts.claim;
    this.#fd = parts.fd;
    this.#pageCache = parts.pageCache;
    this.#space = parts.space;
    this.cached = parts.pageCache !== undefined;
    const id = parts.lock.statSync();
    this.#id = id;
    this.isBlockDevice = id.isBlockDevice ?? false;
    const reader = () => openSame(this.path, "r", id);
    this.#readers = new ReaderPool(reader, parts.fd, parts.mostReaders);
    this.#writers = new WriterPool(() => openSameHandle(this.path, id));
  }

  /** Opens and locks; fails with a FileError that says what stands in the way. */
  static async open(path: string, options: OsFileOptions = {}): Promise<OsFile> {
    const writable = !options.readOnly;
    const lock = await openLocked(path, writable, writable && !options.besideReaders);
    let fd: number | undefined;
    let claim: Release | undefined;
    try {
      if (writable && lock.statSync().isBlockDevice) claim = claimed(path);
      fd = openSame(path, writable ? "r+" : "r", lock.statSync());
      const length = lock.seekSync(0, Deno.SeekMode.End);
      const allowed = options.ffi !== false;
      const space = allowed ? FileSpace.open() : undefined;
      const punches = writable && space !== undefined && await punching(space, fd, length);
      const pageCache = allowed ? usablePageCache(fd) : undefined;
      const { mostReaders } = options;
      return new OsFile({
        ...{ path, writable, length, lock, claim, fd, pageCache, space, punches, mostReaders },
      });
    } catch (error) {
      if (fd !== undefined) fs.closeSync(fd);
      claim?.();
      lock.close();
      throw error instanceof FileError ? error : openError(path, error);
    }
  }

  get length(): number {
    return this.#length;
  }

  get freeSpace(): number {
    return freeSpace(this.path);
  }

  readCached(position: number, into: Uint8Array, at: number, length: number): boolean {
    return this.#pageCache?.read(this.#fd, position, into, at, length) ?? false;
  }

  readSync(position: number, into: Uint8Array, at: number, length: number): void {
    let done = 0;
    try {
      while (done < length) {
        const count = fs.readSync(this.#fd, into, at + done, length - done, position + done);
        if (count === 0) break;
        done += count;
      }
    } catch (cause) {
      throw this.#failure("read", position, cause);
    }
    if (done < length) throw this.#short(position + done);
  }

  async read(position: number, into: Uint8Array, at: number, length: number): Promise<void> {
    let done: number;
    try {
      done = await this.#readers.read(position, into, at, length);
    } catch (cause) {
      throw this.#failure("read", position, cause);
    }
    if (done < length) throw this.#short(position + done);
  }

  writeSync(position: number, from: Uint8Array, at: number, length: number): void {
    try {
      let done = 0;
      while (done < length) {
        done += fs.writeSync(this.#fd, from, at + done, length - done, position + done);
      }
    } catch (cause) {
      throw this.#failure("write", position, cause);
    }
  }

  async write(position: number, from: Uint8Array, at: number, length: number): Promise<void> {
    try {
      if (await this.#writers.write(position, from, at, length)) return;
    } catch (cause) {
      throw this.#failure("write", position, cause);
    }
    this.writeSync(position, from, at, length);
  }

  sync(): Promise<void> {
    return new Promise((resolve, reject) => {
      fs.fdatasync(this.#fd, (error) => {
        if (error) reject(deviceError(error, `cannot flush ${this.path}`));
        else resolve();
      });
    });
  }

  resize(length: number): Promise<void> {
    return new Promise((resolve, reject) => {
      fs.ftruncate(this.#fd, length, (error) => {
        if (error) return reject(deviceError(error, `cannot resize ${this.path} to ${length}`));
        this.#length = length;
        resolve();
      });
    });
  }

  async reserve(position: number, length: number): Promise<boolean> {
    return await this.#space?.reserve(this.#fd, position, length) ?? false;
  }

  async punch(position: number, length: number): Promise<boolean> {
    return this.punches && await this.#space!.punch(this.#fd, position, length);
  }

  run(position: number): FileRun {
    return this.#space?.run(this.#fd, position, this.#length) ??
      { mapped: true, end: this.#length };
  }

  async isInPlace(): Promise<boolean> {
    try {
      return isSameFile(await Deno.stat(this.path), this.#id);
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) return false;
      throw openError(this.path, error);
    }
  }

  close(): void {
    this.#readers.close();
    this.#writers.close();
    fs.closeSync(this.#fd);
    this.#claim?.();
    this.#lock.close();
  }

  #failure(verb: string, position: number, cause: unknown): unknown {
    return deviceError(cause, `cannot ${verb} ${this.path} at ${position}`);
  }

  /** Zeros must never stand in for what a truncated file has lost. */
  #short(position: number): DeviceError {
    return new DeviceError("medium", `cannot read ${this.path}: it ends at ${position}, too early`);
  }
}

async function openLocked(
  path: string,
  writable: boolean,
  exclusive: boolean,
): Promise<Deno.FsFile> {
  const handle = await openDiskFile(path, writable);
  try {
    if (handle.tryLockSync(exclusive)) return handle;
    throw new FileError(
      "in-use",
      `cannot open ${path}${writable ? "" : " read-only"}: it is open elsewhere; ` +
        "close it there first (is another service running?)",
      { path },
    );
  } catch (error) {
    handle.close();
    throw error instanceof FileError ? error : openError(path, error);
  }
}

/** Two that write a device without knowing of each other, a file system for one, corrupt it. */
function claimed(path: string): Release | undefined {
  const claim = claimBlockDevice(path);
  if (claim !== "in-use") return claim;
  throw new FileError(
    "in-use",
    `cannot open ${path}: the system uses it, as when it is mounted; unmount it first`,
    { path },
  );
}

/** A descriptor of the file that is locked, and of no other that has taken its name since. */
function openSame(path: string, flags: "r" | "r+", id: FileId): number {
  const fd = fs.openSync(path, flags);
  if (isSameFile(fs.fstatSync(fd), id)) return fd;
  fs.closeSync(fd);
  throw replaced(path);
}

function isSameFile(one: FileId, other: FileId): boolean {
  return one.dev === other.dev && one.ino === other.ino;
}

function openSameHandle(path: string, id: FileId): Deno.FsFile {
  const handle = Deno.openSync(path, { write: true });
  if (isSameFile(handle.statSync(), id)) return handle;
  handle.close();
  throw replaced(path);
}

function replaced(path: string): FileError {
  return new FileError("unsuitable", `cannot open ${path}: another file has taken its name`, {
    path,
  });
}

/** Tries where it can do no harm: behind the end, keeping the size. */
async function punching(space: FileSpace, fd: number, length: number): Promise<boolean> {
  return await space.punch(fd, Math.ceil(length / 4096) * 4096, 4096);
}

/**
 * The page cache, if this file's file system answers without waiting what it was just made to read.
 */
function usablePageCache(fd: number): PageCache | undefined {
  const pageCache = PageCache.open();
  const octet = new Uint8Array(1);
  try {
    fs.readSync(fd, octet, 0, 1, 0);
  } catch (error) {
    if (errorCode(error) === undefined) throw error;
    return undefined;
  }
  return pageCache?.read(fd, 0, octet, 0, 1) ? pageCache : undefined;
}
