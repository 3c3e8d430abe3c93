/**
 * Puts one device's contents in the place of another's, which is recognised as what it becomes only
 * when it is that: its first octets are written last, and until then say that it is not finished.
 */
import { copyDevice } from "../block/copy.ts";
import type { BlockDevice } from "../block/device.ts";
import { SliceDevice } from "../block/slice.ts";
import { eraseEnds } from "./erase_ends.ts";
import { UNFINISHED_MAGIC } from "./signatures.ts";

export interface ReplaceOptions {
  /** Holes of the source leave what is there, where that costs more than a word to change. */
  readonly keepsHoles?: boolean | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly progress?: ((done: number, total: number) => void) | undefined;
}

export interface Replaced {
  /** Octets that were written, those that are zero aside. */
  readonly written: number;
}

/** Whatever ended it early: the destination holds neither what it did, nor what it was to. */
export class ReplaceInterrupted extends Error {
  override readonly name = "ReplaceInterrupted";
}

/** The longest block that disks have. */
const BLOCK_LENGTH = 4096;
/** Octets that are written last: more than any file system's first signatures take. */
const HEAD_LENGTH = 128 << 10;
/** Unmapped at once; between two an abort is heard. */
const UNMAPPED_LENGTH = 1 << 30;
/** Extents that are asked for at once. */
const EXTENTS = 256;

/**
 * Neither device is closed. The destination must be as large as the source. Whatever fails before
 * something is changed is passed on, and what fails later is a ReplaceInterrupted.
 */
export async function replaceContents(
  source: BlockDevice,
  destination: BlockDevice,
  options: ReplaceOptions = {},
): Promise<Replaced> {
  await requireWritable(destination);
  try {
    return await replace(source, destination, options);
  } catch (cause) {
    throw new ReplaceInterrupted("it holds neither what it did nor what it was to hold", { cause });
  }
}

/** Writes what is there: a disk that is protected, or that others have reserved, refuses. */
async function requireWritable(device: BlockDevice): Promise<void> {
  const octets = new Uint8Array(Math.min(BLOCK_LENGTH, device.size));
  await device.read(0, octets, 0, octets.length);
  await device.write(0, octets, 0, octets.length);
}

async function replace(
  source: BlockDevice,
  destination: BlockDevice,
  { keepsHoles = false, signal, progress }: ReplaceOptions,
): Promise<Replaced> {
  await eraseEnds(destination, new TextEncoder().encode(UNFINISHED_MAGIC));
  const head = Math.min(HEAD_LENGTH, source.size);
  const isThin = destination.can.unmap;
  if (keepsHoles && isThin) await unmapAll(destination, head, signal);
  let written = 0;
  if (source.size > head) {
    const rest = (device: BlockDevice) => new SliceDevice(device, head, source.size - head);
    const copied = await copyDevice(rest(source), rest(destination), {
      ...{ keepsHoles, signal },
      progress: (done) => progress?.(head + done, source.size),
    });
    written += copied.written;
  }
  // All else is on the medium by now: copying ends with a flush.
  const octets = new Uint8Array(head);
  await source.read(0, octets, 0, head);
  await destination.write(0, octets, 0, head);
  await destination.flush();
  return { written: written + head };
}

/** What takes space, in pieces; a large disk that holds little has few of them. */
async function unmapAll(
  device: BlockDevice,
  from: number,
  signal: AbortSignal | undefined,
): Promise<void> {
  for (let at = from; at < device.size;) {
    const left = device.size - at;
    const runs = await device.extents(at, left, EXTENTS);
    if (runs.length === 0) runs.push({ offset: at, length: left, mapped: true });
    for (const { offset, length, mapped } of runs) {
      for (let done = 0; mapped && done < length; done += UNMAPPED_LENGTH) {
        signal?.throwIfAborted();
        await device.unmap(offset + done, Math.min(UNMAPPED_LENGTH, length - done));
      }
      at = offset + length;
    }
  }
}
