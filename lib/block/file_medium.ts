/**
 * The file that a disk is kept in, whatever its format. Reads take what the page cache holds at
 * once and go to a pool for the rest; writes go into the page cache; a sync is one fdatasync for
 * all who wait, and one that fails fences the file: nothing is written to it any more.
 */
import { type Clock, systemClock } from "../runtime/clock.ts";
import { DeviceError } from "./device.ts";
import { GroupCommit } from "./group_commit.ts";
import { InFlight } from "./in_flight.ts";
import { LatencyRule, READ_BOUND, WRITE_BOUND } from "./latency_rule.ts";
import type { PositionalFile } from "./positional_file.ts";

/** Octets of zeros written in one piece where nothing can be punched. */
const ZEROS_LENGTH = 1 << 20;
/** Octets punched in one piece: the file is locked against writes meanwhile. */
const PUNCH_LENGTH = 16 << 20;

let zeros: Uint8Array | undefined;

export class FileMedium {
  readonly file: PositionalFile;
  readonly #clock: Clock;
  readonly #reads = new LatencyRule(READ_BOUND);
  readonly #writes = new LatencyRule(WRITE_BOUND);
  readonly #syncs = new GroupCommit(() => this.#sync());
  readonly #inFlight = new InFlight();
  /** Why nothing may be written any more. */
  #fence: DeviceError | undefined;
  #closing: Promise<void> | undefined;

  /** Takes `file` over: closing the medium closes it. */
  constructor(file: PositionalFile, clock: Clock = systemClock) {
    this.file = file;
    this.#clock = clock;
  }

  /** Refuses when the file has been closed. */
  requireOpen(): void {
    if (this.#closing !== undefined) {
      throw new DeviceError("gone", `${this.file.path} has been closed`);
    }
  }

  /** Refuses when nothing may be written. */
  requireWritable(): void {
    this.requireOpen();
    if (!this.file.writable) {
      throw new DeviceError("read-only", `${this.file.path} is open read-only`);
    }
    if (this.#fence !== undefined) throw this.#fence;
  }

  /** Reads the range, unless that would wait. */
  readNow(position: number, into: Uint8Array, at: number, length: number): boolean {
    if (this.file.cached) return this.file.readCached(position, into, at, length);
    if (this.#reads.mustWait()) return false;
    const startMs = this.#clock.nowMs();
    this.file.readSync(position, into, at, length);
    this.#reads.took(this.#clock.nowMs() - startMs, length);
    return true;
  }

  /** Asked once before a transfer that is to be written at once: true says to write it later. */
  mustWaitToWrite(): boolean {
    return this.#writes.mustWait();
  }

  /** Writes the range at once. */
  writeSync(position: number, from: Uint8Array, at: number, length: number): void {
    const startMs = this.#clock.nowMs();
    this.file.writeSync(position, from, at, length);
    this.#writes.took(this.#clock.nowMs() - startMs, length);
  }

  read(position: number, into: Uint8Array, at: number, length: number): Promise<void> {
    return this.file.read(position, into, at, length);
  }

  write(position: number, from: Uint8Array, at: number, length: number): Promise<void> {
    return this.file.write(position, from, at, length);
  }

  /** Runs `work`, for which closing waits. */
  during<T>(work: () => Promise<T>): Promise<T> {
    return this.#inFlight.during(work);
  }

  /** Resolves when all that was written before the call is on the medium. */
  sync(): Promise<void> {
    return this.#syncs.join();
  }

  /** Makes the range read as zeros; `punching` gives its space back, where that can be done. */
  async clear(position: number, length: number, punching: boolean): Promise<void> {
    let unpunched = !punching;
    for (let done = 0; done < length;) {
      if (this.#fence !== undefined) throw this.#fence;
      const piece = Math.min(unpunched ? ZEROS_LENGTH : PUNCH_LENGTH, length - done);
      if (unpunched) {
        zeros ??= new Uint8Array(ZEROS_LENGTH);
        await this.file.write(position + done, zeros, 0, piece);
      } else if (!await this.file.punch(position + done, piece)) {
        unpunched = true;
        continue;
      }
      done += piece;
    }
  }

  /**
   * Waits for what is under way, syncs (or does what `finish` does, which syncs), and closes the
   * file even if that fails.
   */
  close(finish: () => Promise<void> = () => this.sync()): Promise<void> {
    return this.#closing ??= this.#close(finish);
  }

  async #close(finish: () => Promise<void>): Promise<void> {
    await this.#inFlight.idle();
    try {
      if (this.file.writable) await finish();
    } finally {
      this.file.close();
    }
  }

  async #sync(): Promise<void> {
    if (this.#fence !== undefined) throw this.#fence;
    try {
      await this.file.sync();
    } catch (cause) {
      // The kernel may have dropped what it could not write, and would report success next time.
      this.#fence = new DeviceError(
        "fenced",
        `${this.file.path} takes no more writes since a flush failed, and what was written ` +
          "before it may be lost; check the medium and open the disk again",
        { cause },
      );
      throw cause;
    }
  }
}
