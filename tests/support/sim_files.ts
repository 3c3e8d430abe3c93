/**
 * Files in memory that keep a record of what is done to them, so that a test can make of it what a
 * crash would have left. Locks and failures are as on a machine.
 */
import { DeviceError, type DeviceErrorKind } from "../../lib/block/device.ts";
import { FileError } from "../../lib/block/file_error.ts";
import type { FileRun } from "../../lib/block/file_space.ts";
import type { FileStore, PlainFile } from "../../lib/block/file_store.ts";
import type { PositionalFile } from "../../lib/block/positional_file.ts";

/** What was done, in order. `file` is which file, whatever its name is by then. */
export type FileOperation =
  /** The directory of `path` has a new name in it, of a new file or of one that has another. */
  | { readonly kind: "create" | "link"; readonly path: string; readonly file: string }
  | { readonly kind: "remove"; readonly path: string }
  | {
    readonly kind: "rename";
    readonly from: string;
    readonly path: string;
    readonly file: string;
  }
  /** Of what was done to names in it before, it makes the first `covered` operations durable. */
  | { readonly kind: "sync directory"; readonly directory: string; readonly covered: number }
  /** Of what was done to the file; its times too, where it is `full`. */
  | {
    readonly kind: "sync";
    readonly file: string;
    readonly covered: number;
    readonly full: boolean;
  }
  /** The rest says when the file was written to from then on, in milliseconds. */
  | { readonly kind: "touch"; readonly file: string; readonly modified: number }
  | {
    readonly kind: "resize";
    readonly file: string;
    readonly length: number;
    readonly modified: number;
  }
  | {
    readonly kind: "write";
    readonly file: string;
    readonly position: number;
    readonly octets: Uint8Array<ArrayBuffer>;
    readonly modified: number;
  };

/** Files and their names at one moment. */
export interface SimState {
  /** By what operations call them. */
  readonly files: ReadonlyMap<string, Content>;
  /** Which file each path leads to. */
  readonly names: ReadonlyMap<string, string>;
}

interface Entry extends Content {
  readonly id: string;
  readers: number;
  isWritten: boolean;
  /** Its octets are another's too. */
  isShared: boolean;
}

export interface SimFilesOptions {
  /** Octets that all files may take together. */
  readonly space?: number;
  /** False: a punch does nothing, as where a file system cannot. */
  readonly punches?: boolean;
  /** False: what is read at once waits as often as not. */
  readonly cached?: boolean;
  /** True: what is written to says when, a second for each operation; else all is of one day. */
  readonly times?: boolean;
}

const ONE_DAY = Date.parse("2026-01-01T00:00:00Z");

export class SimFiles implements FileStore {
  readonly operations: FileOperation[] = [];
  /** What the next operations of a kind fail with. */
  readonly failures = new Map<FileOperation["kind"], DeviceErrorKind>();
  /** Octets that all files may take together: a page that was never written takes none. */
  space: number;
  readonly options: Required<SimFilesOptions>;
  readonly #entries = new Map<string, Entry>();
  #made = 0;
  #life = 0;

  constructor(options: SimFilesOptions = {}) {
    this.options = { space: Infinity, punches: true, cached: true, times: false, ...options };
    this.space = this.options.space;
  }

  /** Puts a file there, of which nothing is recorded. */
  put(path: string, octets: Uint8Array): void {
    this.#entries.set(path, this.#entry(path, octets.slice()));
  }

  /** The files as they are now. */
  snapshot(): SimState {
    const files = new Map<string, Content>();
    const names = new Map<string, string>();
    for (const [path, { id, octets, length, modified }] of this.#entries) {
      names.set(path, id);
      files.set(id, { octets: octets.slice(0, length), length, modified });
    }
    return { files, names };
  }

  /** Files that are so at first; operations call them as they did where they come from. */
  static of({ files, names }: SimState, options: SimFilesOptions = {}): SimFiles {
    const made = new SimFiles(options);
    const entries = new Map<string, Entry>();
    for (const [path, id] of names) {
      const entry = entries.get(id) ??
        { ...files.get(id)!, id, readers: 0, isWritten: false, isShared: true };
      entries.set(id, entry);
      made.#entries.set(path, entry);
      made.#made = Math.max(made.#made, Number(id.slice(id.lastIndexOf("#") + 1)) + 1);
    }
    return made;
  }

  /** The octets of a file, as they are now. */
  octets(path: string): Uint8Array<ArrayBuffer> {
    const entry = this.#find(path);
    return entry.octets.slice(0, entry.length);
  }

  paths(): string[] {
    return [...this.#entries.keys()];
  }

  // deno-lint-ignore require-await -- so that a failure is a rejection
  async open(
    path: string,
    options: { readOnly?: boolean; besideReaders?: boolean } = {},
  ): Promise<PositionalFile> {
    const entry = this.#find(path);
    const writable = !options.readOnly;
    const isShared = !writable || options.besideReaders;
    if (entry.isWritten || (!isShared && entry.readers > 0)) {
      throw new FileError("in-use", `cannot open ${path}: it is open elsewhere`, { path });
    }
    if (writable) entry.isWritten = true;
    else entry.readers++;
    return new SimFile(this, path, entry, writable);
  }

  async replace(path: string): Promise<PositionalFile> {
    this.#create(path);
    return await this.open(path);
  }

  // deno-lint-ignore require-await -- so that a failure is a rejection
  async createNew(path: string): Promise<PlainFile> {
    if (this.#entries.has(path)) throw new Deno.errors.AlreadyExists(path);
    const file = new SimFile(this, path, this.#create(path), true);
    return {
      resize: (length) => file.resize(length),
      write: (position, octets) => file.write(position, octets, 0, octets.length),
      sync: () => file.syncAll(),
      close: () => {},
    };
  }

  async nameExclusively(temporary: string, path: string): Promise<void> {
    if (this.#entries.has(path)) throw new Deno.errors.AlreadyExists(path);
    const entry = this.#find(temporary);
    this.record({ kind: "link", path, file: entry.id });
    this.#entries.set(path, entry);
    await this.remove(temporary);
  }

  // deno-lint-ignore require-await -- so that a failure is a rejection
  async rename(from: string, path: string): Promise<void> {
    const entry = this.#find(from);
    this.record({ kind: "rename", from, path, file: entry.id });
    this.#entries.delete(from);
    this.#entries.set(path, entry);
  }

  // deno-lint-ignore require-await -- so that a failure is a rejection
  async remove(path: string): Promise<void> {
    if (!this.#entries.has(path)) return;
    this.record({ kind: "remove", path });
    this.#entries.delete(path);
  }

  // deno-lint-ignore require-await -- so that a failure is a rejection
  async touch(path: string, modifiedAt: Date): Promise<void> {
    const entry = this.#find(path);
    const modified = modifiedAt.getTime();
    this.record({ kind: "touch", file: entry.id, modified });
    entry.modified = modified;
  }

  async syncAll(path: string): Promise<void> {
    await new SimFile(this, path, this.#find(path), true).syncAll();
  }

  async syncDirectory(directory: string): Promise<void> {
    const covered = this.operations.length;
    await Promise.resolve();
    this.record({ kind: "sync directory", directory, covered });
  }

  /** The process that had files open is gone: nobody holds them, and it does nothing any more. */
  kill(): void {
    for (const [path, entry] of this.#entries) {
      this.#entries.set(path, { ...entry, readers: 0, isWritten: false });
    }
    this.#life++;
  }

  /** The files as a process sees them that is there now; once it is killed it can do nothing. */
  process(): FileStore {
    const life = this.#life;
    return new Proxy<FileStore>(this, {
      get: (files, name) => {
        const value = Reflect.get(files, name, files);
        if (typeof value !== "function") return value;
        return (...args: unknown[]) => {
          if (this.#life !== life) throw new DeviceError("gone", "its process was killed");
          return value.apply(files, args);
        };
      },
    });
  }

  /** Which process has the files open. */
  get life(): number {
    return this.#life;
  }

  exists(path: string): Promise<boolean> {
    return Promise.resolve(this.#entries.has(path));
  }

  // deno-lint-ignore require-await -- so that a failure is a rejection
  async locate(path: string): Promise<string> {
    if (!path.includes(".")) return path; // a directory
    this.#find(path);
    return path;
  }

  // deno-lint-ignore require-await -- so that a failure is a rejection
  async modifiedAt(path: string): Promise<Date> {
    return new Date(this.#find(path).modified);
  }

  list(directory: string): Promise<string[]> {
    const names = this.paths().filter((path) => path.startsWith(`${directory}/`));
    return Promise.resolve(names.map((path) => path.slice(directory.length + 1)).sort());
  }

  /** When what is done now is done. */
  get now(): number {
    return this.options.times ? ONE_DAY + (this.operations.length + 1) * 1000 : ONE_DAY;
  }

  /** Records an operation, or fails as it was told to. */
  record(operation: FileOperation): void {
    const kind = this.failures.get(operation.kind);
    if (kind !== undefined) throw new DeviceError(kind, `the ${operation.kind} was made to fail`);
    this.operations.push(operation);
  }

  /** Octets that all files take. */
  get taken(): number {
    let pages = 0;
    for (const { octets, length } of this.#entries.values()) {
      for (let at = 0; at < length; at += PAGE_LENGTH) {
        if (!isZero(octets, at, Math.min(at + PAGE_LENGTH, length))) pages++;
      }
    }
    return pages * PAGE_LENGTH;
  }

  #create(path: string): Entry {
    const entry = this.#entry(path, new Uint8Array(0));
    this.record({ kind: "create", path, file: entry.id });
    this.#entries.set(path, entry);
    return entry;
  }

  #entry(path: string, octets: Uint8Array<ArrayBuffer>): Entry {
    const id = `${path}#${this.#made++}`;
    const { length } = octets;
    return {
      id,
      octets,
      length,
      modified: this.now,
      readers: 0,
      isWritten: false,
      isShared: false,
    };
  }

  #find(path: string): Entry {
    const entry = this.#entries.get(path);
    if (entry !== undefined) return entry;
    throw new FileError("not-found", `cannot open ${path}: there is no such file`, { path });
  }
}

const PAGE_LENGTH = 4096;

function isZero(octets: Uint8Array, from: number, end: number): boolean {
  for (let at = from; at < end; at++) if (octets[at] !== 0) return false;
  return true;
}

class SimFile implements PositionalFile {
  readonly path: string;
  readonly writable: boolean;
  readonly #files: SimFiles;
  readonly #entry: Entry;
  readonly #life: number;
  #isClosed = false;
  #reads = 0;

  constructor(files: SimFiles, path: string, entry: Entry, writable: boolean) {
    this.#files = files;
    this.path = path;
    this.#entry = entry;
    this.writable = writable;
    this.#life = files.life;
  }

  get length(): number {
    return this.#entry.length;
  }

  get cached(): boolean {
    return true;
  }

  get freeSpace(): number {
    return this.#files.space - this.#files.taken;
  }

  reserve(): Promise<boolean> {
    return Promise.resolve(false);
  }

  get punches(): boolean {
    return this.#files.options.punches && this.writable;
  }

  readCached(position: number, into: Uint8Array, at: number, length: number): boolean {
    this.#requireOpen();
    if (!this.#files.options.cached && this.#reads++ % 2 === 0) return false;
    if (position + length > this.length) return false;
    this.readSync(position, into, at, length);
    return true;
  }

  readSync(position: number, into: Uint8Array, at: number, length: number): void {
    this.#requireOpen();
    if (position + length > this.length) {
      throw new DeviceError("medium", `cannot read ${this.path}: it ends too early`);
    }
    into.set(this.#entry.octets.subarray(position, position + length), at);
  }

  async read(position: number, into: Uint8Array, at: number, length: number): Promise<void> {
    await Promise.resolve();
    this.readSync(position, into, at, length);
  }

  writeSync(position: number, from: Uint8Array, at: number, length: number): void {
    this.#requireOpen();
    const octets = from.slice(at, at + length) as Uint8Array<ArrayBuffer>;
    const modified = this.#files.now;
    this.#files.record({ kind: "write", file: this.#entry.id, position, octets, modified });
    this.#change(modified);
    writeTo(this.#entry, position, octets);
    if (this.#files.space < Infinity && this.#files.taken > this.#files.space) {
      writeTo(this.#entry, position, new Uint8Array(length));
      throw new DeviceError("no-space", `cannot write ${this.path}: no space left`);
    }
  }

  async write(position: number, from: Uint8Array, at: number, length: number): Promise<void> {
    await Promise.resolve();
    this.writeSync(position, from, at, length);
  }

  async sync(): Promise<void> {
    await this.#sync(false);
  }

  /** With its times. */
  async syncAll(): Promise<void> {
    await this.#sync(true);
  }

  async #sync(full: boolean): Promise<void> {
    const covered = this.#files.operations.length;
    await Promise.resolve();
    this.#requireOpen();
    this.#files.record({ kind: "sync", file: this.#entry.id, covered, full });
  }

  #change(modified: number): void {
    const entry = this.#entry;
    entry.modified = modified;
    if (!entry.isShared) return;
    entry.octets = entry.octets.slice();
    entry.isShared = false;
  }

  async resize(length: number): Promise<void> {
    await Promise.resolve();
    this.#requireOpen();
    const modified = this.#files.now;
    this.#files.record({ kind: "resize", file: this.#entry.id, length, modified });
    this.#change(modified);
    resizeTo(this.#entry, length);
  }

  async punch(position: number, length: number): Promise<boolean> {
    if (!this.punches) return false;
    await this.write(position, new Uint8Array(length), 0, length);
    return true;
  }

  run(position: number): FileRun {
    const { octets, length } = this.#entry;
    const pageEnd = (at: number) =>
      Math.min((Math.floor(at / PAGE_LENGTH) + 1) * PAGE_LENGTH, length);
    const mappedAt = (at: number) => !isZero(octets, pageEnd(at) - PAGE_LENGTH, pageEnd(at));
    const mapped = mappedAt(position);
    let end = pageEnd(position);
    while (end < length && mappedAt(end) === mapped) end = pageEnd(end);
    return { mapped, end };
  }

  close(): void {
    this.#requireOpen();
    this.#isClosed = true;
    if (this.writable) this.#entry.isWritten = false;
    else this.#entry.readers--;
  }

  #requireOpen(): void {
    if (this.#isClosed) throw new Error(`${this.path} is used after it was closed`);
    if (this.#life !== this.#files.life) throw new DeviceError("gone", "its process was killed");
  }
}

/** Octets of a file, how many of them it has, and when it was written to. */
export interface Content {
  octets: Uint8Array<ArrayBuffer>;
  length: number;
  modified: number;
}

export function writeTo(content: Content, position: number, octets: Uint8Array): void {
  const end = position + octets.length;
  if (end > content.length) resizeTo(content, end);
  content.octets.set(octets, position);
}

export function resizeTo(content: Content, length: number): void {
  if (length > content.octets.length) {
    const grown = new Uint8Array(Math.max(length, content.octets.length * 2));
    grown.set(content.octets.subarray(0, content.length));
    content.octets = grown;
  } else if (length < content.length) {
    content.octets.fill(0, length, content.length);
  }
  content.length = length;
}
