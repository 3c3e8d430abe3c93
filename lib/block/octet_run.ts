/** Octets of a device one after another: to whoever takes them, or from whoever has them. */
import type { BlockDevice } from "./device.ts";

/** Where the octets begin, and how many there are at most. */
export interface OctetRun {
  readonly offset: number;
  readonly length: number;
  readonly signal?: AbortSignal | undefined;
  /** Told how many octets are done, of how many. */
  readonly progress?: ((done: number, total: number) => void) | undefined;
}

/** What ended it early; the octets before it are done. */
export class RunBroken extends Error {
  override readonly name = "RunBroken";

  constructor(
    /** Octets from the run's beginning that are done. */
    readonly done: number,
    options: ErrorOptions,
  ) {
    super(`ended after ${done} octets`, options);
  }
}

const PIECE_LENGTH = 1 << 20;

/**
 * Gives `take` all of the run in order; the next piece is read meanwhile. Fails with RunBroken,
 * whose count is what was taken.
 */
export async function readRun(
  device: BlockDevice,
  { offset, length, signal, progress }: OctetRun,
  take: (octets: Uint8Array) => Promise<void>,
): Promise<void> {
  let done = 0;
  const read = async (at: number): Promise<Uint8Array> => {
    const octets = new Uint8Array(Math.min(PIECE_LENGTH, length - at));
    if (octets.length > 0) await device.read(offset + at, octets, 0, octets.length);
    return octets;
  };
  let next = read(0);
  try {
    while (done < length) {
      const octets = await next;
      signal?.throwIfAborted();
      next = read(done + octets.length);
      // Its failure is told when its turn comes.
      next.catch(() => undefined);
      await take(octets);
      done += octets.length;
      progress?.(done, length);
    }
  } catch (cause) {
    await next.catch(() => undefined);
    throw new RunBroken(done, { cause });
  }
}

/**
 * Writes what `give` fills its buffer with, until it answers 0 or `length` octets are written, and
 * flushes; answers how many there were. Fails with RunBroken, whose count is what was written.
 */
export async function writeRun(
  device: BlockDevice,
  { offset, length, signal, progress }: OctetRun,
  give: (into: Uint8Array) => Promise<number>,
): Promise<number> {
  let done = 0;
  const buffers = [new Uint8Array(PIECE_LENGTH), new Uint8Array(PIECE_LENGTH)];
  const take = (at: number): Promise<number> =>
    filled(buffers[0]!.subarray(0, Math.min(PIECE_LENGTH, length - at)), give);
  try {
    for (let count = await take(0); count > 0;) {
      signal?.throwIfAborted();
      const [octets] = buffers;
      buffers.reverse();
      // What comes next is waited for while this is written.
      const [next, written] = await Promise.allSettled([
        take(done + count),
        device.write(offset + done, octets!, 0, count),
      ]);
      if (written.status === "rejected") throw written.reason;
      done += count;
      progress?.(done, length);
      if (next.status === "rejected") throw next.reason;
      count = next.value;
    }
    await device.flush();
    return done;
  } catch (cause) {
    throw new RunBroken(done, { cause });
  }
}

/** As many octets as there is room for, unless the source ends. */
async function filled(
  into: Uint8Array,
  give: (into: Uint8Array) => Promise<number>,
): Promise<number> {
  let count = 0;
  while (count < into.length) {
    const more = await give(into.subarray(count));
    if (more === 0) break;
    count += more;
  }
  return count;
}
