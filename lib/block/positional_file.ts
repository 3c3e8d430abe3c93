/** What a file device needs of its file: octets at positions, whatever is behind it. */
import type { FileRun } from "./file_space.ts";

/** Every failure is a thrown (or rejected) DeviceError; positions and lengths are octets. */
export interface PositionalFile {
  readonly path: string;
  readonly writable: boolean;
  /** Octets of the file, as it is now. */
  readonly length: number;
  /** Octets that its file system has left for it. */
  readonly freeSpace: number;
  /**
   * `readCached` can be told apart from `readSync`: it answers what needs no waiting, and only
   * that.
   */
  readonly cached: boolean;
  /** `punch` gives space back. */
  readonly punches: boolean;
  /** Reads what is in memory already; false: it is not, or that cannot be said. */
  readCached(position: number, into: Uint8Array, at: number, length: number): boolean;
  readSync(position: number, into: Uint8Array, at: number, length: number): void;
  read(position: number, into: Uint8Array, at: number, length: number): Promise<void>;
  writeSync(position: number, from: Uint8Array, at: number, length: number): void;
  write(position: number, from: Uint8Array, at: number, length: number): Promise<void>;
  /** Resolves when all that was written before the call is on the medium. */
  sync(): Promise<void>;
  /** Makes the file this long: what is cut off is gone, and what is added reads as zeros. */
  resize(length: number): Promise<void>;
  /**
   * Sets space aside for a range behind the end, and leaves the file as long as it is; false: it
   * did not, or not wholly.
   */
  reserve(position: number, length: number): Promise<boolean>;
  /** Makes the range read as zeros and gives its space back; false: it did not, or not wholly. */
  punch(position: number, length: number): Promise<boolean>;
  /** The run of data or hole at `position`, which lies inside the file. */
  run(position: number): FileRun;
  /** Whether its path still leads to it; absent where nobody else could change that. */
  isInPlace?(): Promise<boolean>;
  /** Lets go of the file; nothing may be under way. */
  close(): void;
}
