/** Where a file takes space: made, given back and found, through the C library. */
import { type Libc, libc } from "../runtime/libc.ts";
import { wide } from "../runtime/wide.ts";

/** fallocate(2). */
const FALLOC_FL_KEEP_SIZE = 0x01;
const FALLOC_FL_PUNCH_HOLE = 0x02;
/** lseek(2). */
const SEEK_DATA = 3;
const SEEK_HOLE = 4;

/** A run of a file that is all data, or all hole. */
export interface FileRun {
  readonly mapped: boolean;
  /** The position after its last octet. */
  readonly end: number;
}

export class FileSpace {
  readonly #libc: Libc;

  private constructor(symbols: Libc) {
    this.#libc = symbols;
  }

  /** Undefined where the C library cannot be called. */
  static open(): FileSpace | undefined {
    const symbols = libc();
    return symbols ? new FileSpace(symbols) : undefined;
  }

  /** Reserves space for the range, which reads as zeros; false: the file system did not. */
  async allocate(fd: number, position: number, length: number): Promise<boolean> {
    return await this.#libc.fallocate?.(fd, 0, wide(position), wide(length)) === 0;
  }

  /** The same behind the end of the file, whose length stays. */
  async reserve(fd: number, position: number, length: number): Promise<boolean> {
    return await this.#libc.fallocate?.(fd, FALLOC_FL_KEEP_SIZE, wide(position), wide(length)) ===
      0;
  }

  /**
   * Makes the range read as zeros and gives back its whole file-system blocks; the kernel zeroes
   * the octets of those at its ends. False: the file system did not, or not wholly.
   */
  async punch(fd: number, position: number, length: number): Promise<boolean> {
    const mode = FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE;
    return await this.#libc.fallocate?.(fd, mode, wide(position), wide(length)) === 0;
  }

  /** The run at `position`, which lies inside a file of `length` octets. */
  run(fd: number, position: number, length: number): FileRun {
    const hole = Number(this.#libc.lseek(fd, wide(position), SEEK_HOLE));
    // Refused: the file system does not know, and all may be data.
    if (hole < 0) return { mapped: true, end: length };
    if (hole > position) return { mapped: true, end: hole };
    const data = Number(this.#libc.lseek(fd, wide(position), SEEK_DATA));
    return { mapped: false, end: data < 0 ? length : data };
  }
}
