/** A region of a file, or of a block device, as a disk. */
import type { Clock } from "../runtime/clock.ts";
import type { BlockDevice, Capabilities, Extent, GrowOptions } from "./device.ts";
import { FileError } from "./file_error.ts";
import { FileMedium } from "./file_medium.ts";
import type { FileRegion } from "./file_region.ts";
import { type FileGrowth, growRaw } from "./grow_file.ts";
import { OsFile } from "./os_file.ts";
import type { PositionalFile } from "./positional_file.ts";
import { requireRange, requireRoom } from "./range.ts";

export type { FileRegion } from "./file_region.ts";

export interface FileDeviceOptions {
  readonly readOnly?: boolean;
  /** Where the disk begins in the file. */
  readonly offset?: number;
  /** Octets of the disk; without it, to the file's end. */
  readonly size?: number;
  /** The file is thin: what is unmapped gives its space back, where the file system can. */
  readonly sparse?: boolean;
  /** Finds the disk in the file, once that is locked; instead of `offset` and `size`. */
  readonly locate?: (file: PositionalFile) => FileRegion;
  /** How the file grows with the disk; as one of nothing but blocks without. */
  readonly growth?: FileGrowth;
  /** False: the C library is left alone, whatever the permissions. */
  readonly ffi?: boolean;
  readonly clock?: Clock;
}

export class FileDevice implements BlockDevice {
  readonly can: Capabilities;
  readonly #medium: FileMedium;
  readonly #start: number;
  readonly #growth: FileGrowth;
  readonly #sparse: boolean;
  #size: number;

  /** Takes `file` over: closing the device closes it. */
  constructor(
    file: PositionalFile,
    region: FileRegion,
    options: Pick<FileDeviceOptions, "sparse" | "growth" | "clock"> = {},
  ) {
    this.#medium = new FileMedium(file, options.clock);
    this.#start = region.offset;
    this.#size = region.size;
    this.#sparse = options.sparse ?? false;
    this.#growth = options.growth ?? growRaw;
    this.can = { write: file.writable, unmap: this.#sparse && file.punches };
  }

  get size(): number {
    return this.#size;
  }

  /** The file that it is in. */
  get file(): PositionalFile {
    return this.#medium.file;
  }

  /** Opens a file and locks it for as long as the device lives. */
  static async open(path: string, options: FileDeviceOptions = {}): Promise<FileDevice> {
    const file = await OsFile.open(path, options);
    try {
      const offset = options.offset ?? 0;
      const region = options.locate?.(file) ??
        { offset, size: options.size ?? file.length - offset };
      requireRegion(file, region);
      const growth = file.isBlockDevice ? growsElsewhere : options.growth;
      return new FileDevice(file, region, { ...options, ...(growth && { growth }) });
    } catch (error) {
      file.close();
      throw error;
    }
  }

  readNow(offset: number, into: Uint8Array, at: number, length: number): boolean {
    this.#check(offset, length);
    requireRoom(into, at, length);
    return length === 0 || this.#medium.readNow(this.#start + offset, into, at, length);
  }

  writeNow(offset: number, from: Uint8Array, at: number, length: number): boolean {
    this.#checkWrite(offset, length);
    requireRoom(from, at, length);
    if (length === 0) return true;
    if (this.#medium.mustWaitToWrite()) return false;
    this.#medium.writeSync(this.#start + offset, from, at, length);
    return true;
  }

  async read(offset: number, into: Uint8Array, at: number, length: number): Promise<void> {
    this.#check(offset, length);
    requireRoom(into, at, length);
    const position = this.#start + offset;
    await this.#medium.during(() => this.#medium.read(position, into, at, length));
  }

  async write(offset: number, from: Uint8Array, at: number, length: number): Promise<void> {
    this.#checkWrite(offset, length);
    requireRoom(from, at, length);
    const position = this.#start + offset;
    await this.#medium.during(() => this.#medium.write(position, from, at, length));
  }

  async flush(): Promise<void> {
    this.#medium.requireOpen();
    if (!this.can.write) return;
    await this.#medium.during(() => this.#medium.sync());
  }

  async unmap(offset: number, length: number): Promise<void> {
    this.#checkWrite(offset, length);
    const position = this.#start + offset;
    await this.#medium.during(() => this.#medium.clear(position, length, this.can.unmap));
  }

  // deno-lint-ignore require-await -- so that a failure is a rejection
  async extents(offset: number, length: number, limit: number): Promise<Extent[]> {
    this.#check(offset, length);
    const runs: Extent[] = [];
    const end = offset + length;
    let at = offset;
    while (at < end) {
      const run = this.#medium.file.run(this.#start + at);
      const stop = Math.min(run.end - this.#start, end);
      const last = runs.at(-1);
      if (last?.mapped === run.mapped) {
        runs[runs.length - 1] = { ...last, length: stop - last.offset };
      } else {
        if (runs.length >= limit) break;
        runs.push({ offset: at, length: stop - at, mapped: run.mapped });
      }
      at = stop;
    }
    return runs;
  }

  async grow(size: number, options: GrowOptions = {}): Promise<void> {
    this.#medium.requireWritable();
    if (!Number.isSafeInteger(size) || size <= this.#size) {
      throw new RangeError(`a disk of ${this.#size} octets does not grow to ${size}`);
    }
    const region = { offset: this.#start, size: this.#size };
    const sparse = this.#sparse;
    await this.#medium.during(() =>
      this.#growth(this.#medium, region, size, { ...options, sparse })
    );
    this.#size = size;
  }

  /** Waits for what is under way, flushes, and closes the file even if that fails. */
  close(): Promise<void> {
    return this.#medium.close();
  }

  #check(offset: number, length: number): void {
    this.#medium.requireOpen();
    requireRange(this.size, offset, length);
  }

  #checkWrite(offset: number, length: number): void {
    this.#check(offset, length);
    this.#medium.requireWritable();
  }
}

/** What gives a block device its size is not ours. */
const growsElsewhere: FileGrowth = ({ file: { path } }) => {
  const next = "make it larger by what made it, and start the service anew";
  return Promise.reject(
    new FileError("unsuitable", `${path} is a block device: ${next}`, { path }),
  );
};

function requireRegion(file: PositionalFile, region: FileRegion): void {
  const { offset, size } = region;
  const sound = Number.isSafeInteger(offset) && Number.isSafeInteger(size) && offset >= 0;
  if (sound && size > 0 && offset + size <= file.length) return;
  throw new FileError(
    "unsuitable",
    `cannot use ${size} octets at ${offset} of ${file.path} as a disk: ` +
      `it has ${file.length} octets`,
    { path: file.path },
  );
}
