/**
 * Files in memory that take what is written to them and no more, however long they are: what holes
 * they have are holes. Locks are as on a machine; nothing of what is done is recorded.
 */
import { DeviceError } from "../../lib/block/device.ts";
import { FileError } from "../../lib/block/file_error.ts";
import type { FileRun } from "../../lib/block/file_space.ts";
import type { FileStore, PlainFile } from "../../lib/block/file_store.ts";
import type { PositionalFile } from "../../lib/block/positional_file.ts";

const PAGE = 4096;
const MODIFIED = new Date("2026-01-01T00:00:00Z");

interface Entry {
  length: number;
  /** What was written, by the number of the page. */
  readonly pages: Map<number, Uint8Array<ArrayBuffer>>;
  readers: number;
  isWritten: boolean;
}

export class SparseFiles implements FileStore {
  readonly #entries = new Map<string, Entry>();

  put(path: string, octets: Uint8Array): void {
    const entry: Entry = { length: 0, pages: new Map(), readers: 0, isWritten: false };
    writeTo(entry, 0, octets, 0, octets.length);
    this.#entries.set(path, entry);
  }

  clear(): void {
    this.#entries.clear();
  }

  octets(path: string): Uint8Array<ArrayBuffer> {
    const entry = this.#find(path);
    const octets = new Uint8Array(entry.length);
    readFrom(entry, 0, octets, 0, octets.length);
    return octets;
  }

  // deno-lint-ignore require-await -- so that a failure is a rejection
  async open(path: string, options: { readOnly?: boolean } = {}): Promise<PositionalFile> {
    const entry = this.#find(path);
    const writable = !options.readOnly;
    if (entry.isWritten || (writable && entry.readers > 0)) {
      throw new FileError("in-use", `cannot open ${path}: it is open elsewhere`, { path });
    }
    if (writable) entry.isWritten = true;
    else entry.readers++;
    return new SparseFile(path, entry, writable);
  }

  async replace(path: string): Promise<PositionalFile> {
    this.put(path, new Uint8Array(0));
    return await this.open(path);
  }

  remove(path: string): Promise<void> {
    this.#entries.delete(path);
    return Promise.resolve();
  }

  exists(path: string): Promise<boolean> {
    return Promise.resolve(this.#entries.has(path));
  }

  async locate(path: string): Promise<string> {
    const holds = await this.list(path);
    if (holds.length === 0) this.#find(path);
    return path;
  }

  modifiedAt(): Promise<Date> {
    return Promise.resolve(MODIFIED);
  }

  touch(): Promise<void> {
    return Promise.resolve();
  }

  syncAll(): Promise<void> {
    return Promise.resolve();
  }

  syncDirectory(): Promise<void> {
    return Promise.resolve();
  }

  // deno-lint-ignore require-await -- so that a failure is a rejection
  async createNew(path: string): Promise<PlainFile> {
    if (this.#entries.has(path)) throw new Deno.errors.AlreadyExists(path);
    this.put(path, new Uint8Array(0));
    const file = new SparseFile(path, this.#find(path), true);
    return {
      resize: (length) => file.resize(length),
      write: (position, octets) => file.write(position, octets, 0, octets.length),
      sync: () => file.sync(),
      close: () => {},
    };
  }

  async nameExclusively(temporary: string, path: string): Promise<void> {
    if (this.#entries.has(path)) throw new Deno.errors.AlreadyExists(path);
    await this.rename(temporary, path);
  }

  // deno-lint-ignore require-await -- so that a failure is a rejection
  async rename(from: string, path: string): Promise<void> {
    const entry = this.#find(from);
    this.#entries.delete(from);
    this.#entries.set(path, entry);
  }

  list(directory: string): Promise<string[]> {
    const names = [...this.#entries.keys()].filter((path) => path.startsWith(`${directory}/`));
    return Promise.resolve(names.map((path) => path.slice(directory.length + 1)).sort());
  }

  #find(path: string): Entry {
    const entry = this.#entries.get(path);
    if (entry !== undefined) return entry;
    throw new FileError("not-found", `cannot open ${path}: there is no such file`, { path });
  }
}

class SparseFile implements PositionalFile {
  readonly cached = true;
  readonly freeSpace = 2 ** 50;
  #isClosed = false;

  constructor(
    readonly path: string,
    readonly entry: Entry,
    readonly writable: boolean,
  ) {}

  get length(): number {
    return this.entry.length;
  }

  get punches(): boolean {
    return this.writable;
  }

  readCached(position: number, into: Uint8Array, at: number, length: number): boolean {
    if (position + length > this.length) return false;
    this.readSync(position, into, at, length);
    return true;
  }

  readSync(position: number, into: Uint8Array, at: number, length: number): void {
    if (this.#isClosed) throw new Error(`${this.path} is used after it was closed`);
    if (position + length > this.length) {
      throw new DeviceError("medium", `cannot read ${this.path}: it ends too early`);
    }
    readFrom(this.entry, position, into, at, length);
  }

  async read(position: number, into: Uint8Array, at: number, length: number): Promise<void> {
    await Promise.resolve();
    this.readSync(position, into, at, length);
  }

  writeSync(position: number, from: Uint8Array, at: number, length: number): void {
    if (this.#isClosed) throw new Error(`${this.path} is used after it was closed`);
    if (!this.writable) throw new Error(`${this.path} is open to be read`);
    writeTo(this.entry, position, from, at, length);
  }

  async write(position: number, from: Uint8Array, at: number, length: number): Promise<void> {
    await Promise.resolve();
    this.writeSync(position, from, at, length);
  }

  sync(): Promise<void> {
    return Promise.resolve();
  }

  async resize(length: number): Promise<void> {
    await Promise.resolve();
    const { entry } = this;
    if (length < entry.length) {
      clear(entry, length, entry.length);
      for (const page of entry.pages.keys()) if (page * PAGE >= length) entry.pages.delete(page);
    }
    entry.length = length;
  }

  reserve(): Promise<boolean> {
    return Promise.resolve(false);
  }

  punch(position: number, length: number): Promise<boolean> {
    clear(this.entry, position, Math.min(position + length, this.length));
    return Promise.resolve(true);
  }

  run(position: number): FileRun {
    const { pages, length } = this.entry;
    const last = Math.ceil(length / PAGE);
    let page = Math.floor(position / PAGE);
    const mapped = pages.has(page);
    if (mapped) { while (page < last && pages.has(page)) page++; }
    // Files may be very long, and have few pages.
    else page = Math.min(last, ...[...pages.keys()].filter((each) => each > page));
    return { mapped, end: Math.min(page * PAGE, length) };
  }

  close(): void {
    if (this.#isClosed) throw new Error(`${this.path} is closed twice`);
    this.#isClosed = true;
    if (this.writable) this.entry.isWritten = false;
    else this.entry.readers--;
  }
}

function readFrom(entry: Entry, position: number, into: Uint8Array, at: number, length: number) {
  for (let done = 0; done < length;) {
    const within = (position + done) % PAGE;
    const count = Math.min(PAGE - within, length - done);
    const page = entry.pages.get(Math.floor((position + done) / PAGE));
    if (page === undefined) into.fill(0, at + done, at + done + count);
    else into.set(page.subarray(within, within + count), at + done);
    done += count;
  }
}

function writeTo(entry: Entry, position: number, from: Uint8Array, at: number, length: number) {
  for (let done = 0; done < length;) {
    const within = (position + done) % PAGE;
    const count = Math.min(PAGE - within, length - done);
    const number = Math.floor((position + done) / PAGE);
    let page = entry.pages.get(number);
    if (page === undefined) entry.pages.set(number, page = new Uint8Array(PAGE));
    page.set(from.subarray(at + done, at + done + count), within);
    done += count;
  }
  entry.length = Math.max(entry.length, position + length);
}

/** Whole pages become holes, and parts of others zeros. */
function clear(entry: Entry, start: number, end: number): void {
  for (const [number, page] of entry.pages) {
    const [from, stop] = [start - number * PAGE, end - number * PAGE];
    if (from <= 0 && stop >= PAGE) entry.pages.delete(number);
    else if (from < PAGE && stop > 0) page.fill(0, Math.max(from, 0), Math.min(stop, PAGE));
  }
}
