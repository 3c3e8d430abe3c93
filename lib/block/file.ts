/**
 * A region of a file, or of a block device, as a disk. Reads take what the page cache holds at once
 * and go to a pool for the rest; writes go into the page cache; a flush is one fdatasync for all
 * who wait.
 */
import { type Clock, systemClock } from "../runtime/clock.ts";
import { type BlockDevice, type Capabilities, DeviceError, type Extent } from "./device.ts";
import { FileError } from "./file_error.ts";
import { GroupCommit } from "./group_commit.ts";
import { InFlight } from "./in_flight.ts";
import { LatencyRule, READ_BOUND, WRITE_BOUND } from "./latency_rule.ts";
import { OsFile } from "./os_file.ts";
import type { PositionalFile } from "./positional_file.ts";
import { requireRange, requireRoom } from "./range.ts";

/** Which octets of a file are the disk. */
export interface FileRegion {
  readonly offset: number;
  readonly size: number;
}

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
  /** False: the C library is left alone, whatever the permissions. */
  readonly ffi?: boolean;
  readonly clock?: Clock;
}

/** Octets of zeros written in one piece where nothing can be punched. */
const ZEROS_LENGTH = 1 << 20;
/** Octets punched in one piece: the file is locked against writes meanwhile. */
const PUNCH_LENGTH = 16 << 20;

let zeros: Uint8Array | undefined;

export class FileDevice implements BlockDevice {
  readonly size: number;
  readonly can: Capabilities;
  readonly #file: PositionalFile;
  readonly #start: number;
  readonly #clock: Clock;
  readonly #reads = new LatencyRule(READ_BOUND);
  readonly #writes = new LatencyRule(WRITE_BOUND);
  readonly #flushes = new GroupCommit(() => this.#sync());
  readonly #inFlight = new InFlight();
  /** Why nothing may be written any more. */
  #fence: DeviceError | undefined;
  #closing: Promise<void> | undefined;

  /** Takes `file` over: closing the device closes it. */
  constructor(
    file: PositionalFile,
    region: FileRegion,
    options: { sparse?: boolean; clock?: Clock } = {},
  ) {
    this.#file = file;
    this.#start = region.offset;
    this.size = region.size;
    this.#clock = options.clock ?? systemClock;
    this.can = { write: file.writable, unmap: (options.sparse ?? false) && file.punches };
  }

  /** Opens a file and locks it for as long as the device lives. */
  static async open(path: string, options: FileDeviceOptions = {}): Promise<FileDevice> {
    const file = await OsFile.open(path, options);
    try {
      const offset = options.offset ?? 0;
      const region = options.locate?.(file) ??
        { offset, size: options.size ?? file.length - offset };
      requireRegion(file, region);
      return new FileDevice(file, region, options);
    } catch (error) {
      file.close();
      throw error;
    }
  }

  readNow(offset: number, into: Uint8Array, at: number, length: number): boolean {
    this.#check(offset, length);
    requireRoom(into, at, length);
    if (length === 0) return true;
    const position = this.#start + offset;
    if (this.#file.cached) return this.#file.readCached(position, into, at, length);
    if (this.#reads.mustWait()) return false;
    const startMs = this.#clock.nowMs();
    this.#file.readSync(position, into, at, length);
    this.#reads.took(this.#clock.nowMs() - startMs, length);
    return true;
  }

  writeNow(offset: number, from: Uint8Array, at: number, length: number): boolean {
    this.#checkWrite(offset, length);
    requireRoom(from, at, length);
    if (length === 0) return true;
    if (this.#writes.mustWait()) return false;
    const startMs = this.#clock.nowMs();
    this.#file.writeSync(this.#start + offset, from, at, length);
    this.#writes.took(this.#clock.nowMs() - startMs, length);
    return true;
  }

  async read(offset: number, into: Uint8Array, at: number, length: number): Promise<void> {
    this.#check(offset, length);
    requireRoom(into, at, length);
    await this.#inFlight.during(() => this.#file.read(this.#start + offset, into, at, length));
  }

  async write(offset: number, from: Uint8Array, at: number, length: number): Promise<void> {
    this.#checkWrite(offset, length);
    requireRoom(from, at, length);
    await this.#inFlight.during(() => this.#file.write(this.#start + offset, from, at, length));
  }

  async flush(): Promise<void> {
    this.#check(0, 0);
    if (!this.can.write) return;
    await this.#inFlight.during(() => this.#flushes.join());
  }

  async unmap(offset: number, length: number): Promise<void> {
    this.#checkWrite(offset, length);
    await this.#inFlight.during(() => this.#clear(offset, length));
  }

  // deno-lint-ignore require-await -- so that a failure is a rejection
  async extents(offset: number, length: number, limit: number): Promise<Extent[]> {
    this.#check(offset, length);
    const runs: Extent[] = [];
    const end = offset + length;
    let at = offset;
    while (at < end) {
      const run = this.#file.run(this.#start + at);
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

  /** Waits for what is under way, flushes, and closes the file even if that fails. */
  close(): Promise<void> {
    return this.#closing ??= this.#close();
  }

  async #close(): Promise<void> {
    await this.#inFlight.idle();
    try {
      if (this.can.write) await this.#sync();
    } finally {
      this.#file.close();
    }
  }

  async #sync(): Promise<void> {
    if (this.#fence !== undefined) throw this.#fence;
    try {
      await this.#file.sync();
    } catch (cause) {
      // The kernel may have dropped what it could not write, and would report success next time.
      this.#fence = new DeviceError(
        "fenced",
        `${this.#file.path} takes no more writes since a flush failed, and what was written ` +
          "before it may be lost; check the medium and open the disk again",
        { cause },
      );
      throw cause;
    }
  }

  async #clear(offset: number, length: number): Promise<void> {
    let unpunched = !this.can.unmap;
    for (let done = 0; done < length;) {
      if (this.#fence !== undefined) throw this.#fence;
      const piece = Math.min(unpunched ? ZEROS_LENGTH : PUNCH_LENGTH, length - done);
      const position = this.#start + offset + done;
      if (unpunched) {
        zeros ??= new Uint8Array(ZEROS_LENGTH);
        await this.#file.write(position, zeros, 0, piece);
      } else if (!await this.#file.punch(position, piece)) {
        unpunched = true;
        continue;
      }
      done += piece;
    }
  }

  #check(offset: number, length: number): void {
    if (this.#closing !== undefined) {
      throw new DeviceError("gone", `${this.#file.path} has been closed`);
    }
    requireRange(this.size, offset, length);
  }

  #checkWrite(offset: number, length: number): void {
    this.#check(offset, length);
    if (!this.can.write) {
      throw new DeviceError("read-only", `${this.#file.path} is open read-only`);
    }
    if (this.#fence !== undefined) throw this.#fence;
  }
}

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
