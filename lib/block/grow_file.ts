/** Makes the file of a disk longer, with space for what is added, or sparse. */
import { DeviceError, type GrowOptions } from "./device.ts";
import { FileError } from "./file_error.ts";
import type { FileMedium } from "./file_medium.ts";
import type { FileRegion } from "./file_region.ts";
import type { PositionalFile } from "./positional_file.ts";

export interface GrowFileOptions extends GrowOptions {
  /** What is added takes space only as it is written. */
  readonly sparse: boolean;
}

/**
 * How the file of some format grows with its disk, which has `size` octets afterwards. Whatever
 * happens meanwhile, the file holds the disk with its old size or with the new one.
 */
export type FileGrowth = (
  medium: FileMedium,
  region: FileRegion,
  size: number,
  options: GrowFileOptions,
) => Promise<void>;

/** Reserved in one call; between two an abort is heard. */
const RESERVED_LENGTH = 1 << 30;
const ZEROS_LENGTH = 1 << 20;

/**
 * A file of nothing but blocks: its length is the disk's size, and changes in one step. What is
 * behind the old end is nobody's until the disk is said to be larger.
 */
export const growRaw: FileGrowth = async (medium, region, size, options) => {
  const { file } = medium;
  const before = file.length;
  const after = region.offset + size;
  if (region.offset + region.size !== before) throw notAtItsEnd(file);
  try {
    const isReserved = await reserveSpace(file, after, options);
    await file.resize(after);
    if (!isReserved) {
      await medium.sync(); // no length in between may stay
      await writeZeros(medium, before, after, options);
    }
    await options.ready?.();
    options.signal?.throwIfAborted();
  } catch (error) {
    await cutBack(file, before);
    throw error;
  }
  await medium.sync();
};

/**
 * Sets space aside for a file of `length` octets, which stays as long as it is. False: that cannot
 * be done here, and only writing takes space. Without enough of it the growth is refused.
 */
export async function reserveSpace(
  file: PositionalFile,
  length: number,
  { sparse, signal, progress }: GrowFileOptions,
): Promise<boolean> {
  if (sparse) return true;
  const from = file.length;
  requireSpace(file, length - from);
  for (let done = from; done < length;) {
    signal?.throwIfAborted();
    const piece = Math.min(RESERVED_LENGTH, length - done);
    if (!await file.reserve(done, piece)) return false;
    done += piece;
    progress?.(done - from, length - from);
  }
  return true;
}

/** Writes zeros over the range, so that it takes space. */
export async function writeZeros(
  { file }: FileMedium,
  from: number,
  to: number,
  { signal, progress }: GrowOptions,
): Promise<void> {
  const zeros = new Uint8Array(Math.min(ZEROS_LENGTH, to - from));
  for (let done = from; done < to;) {
    signal?.throwIfAborted();
    const piece = Math.min(zeros.length, to - done);
    await file.write(done, zeros, 0, piece);
    done += piece;
    progress?.(done - from, to - from);
  }
}

/**
 * Gives back what lies behind `length`, space set aside included. A file that cannot even be cut is
 * left longer than it need be: its disk is as it was.
 */
export async function cutBack(file: PositionalFile, length: number): Promise<void> {
  try {
    await file.resize(length);
  } catch (error) {
    if (!(error instanceof DeviceError)) throw error;
  }
}

function requireSpace({ path, freeSpace: free }: PositionalFile, needed: number): void {
  if (free >= needed) return;
  throw new FileError(
    "no-space",
    `cannot extend ${path}: it needs ${needed} octets and ${needed - free} of them are missing ` +
      "on its file system; free them, or extend it by less",
    { path },
  );
}

function notAtItsEnd({ path }: PositionalFile): FileError {
  const message = `cannot extend the disk in ${path}: other octets follow it there`;
  return new FileError("unsuitable", message, { path });
}
