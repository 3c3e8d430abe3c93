/**
 * Copies one device to another: pieces by the dozen at once, holes as holes, and zeros too where
 * nothing need be written for them. Nothing that fails is passed over.
 */
import { type BlockDevice, DeviceError, type Extent } from "./device.ts";
import { isZero } from "./zeros.ts";

export interface CopyOptions {
  /** The destination reads as zeros wherever nothing has been written. */
  readonly blank?: boolean | undefined;
  /** Holes of the source leave what the destination has; zeros that it holds are zeros there. */
  readonly keepsHoles?: boolean | undefined;
  /** Aborting it fails the copy with its reason, once nothing is under way any more. */
  readonly signal?: AbortSignal | undefined;
  /** Told how many octets are done, of how many. */
  readonly progress?: ((done: number, total: number) => void) | undefined;
}

export interface Copied {
  /** Octets that were written; the others read as zeros. */
  readonly written: number;
}

const PIECE_LENGTH = 1 << 20;
const PIECES_AT_ONCE = 8;
/** Zeros are looked for in runs of so many octets. */
const GRAIN = 64 << 10;
/** Extents that are asked for at once. */
const EXTENTS = 256;

/** What is done with one piece; `buffer` is its own meanwhile. */
type Work = (piece: Extent, buffer: Uint8Array) => Promise<void>;

/** The destination must be as large as the source, and is flushed at the end. */
export async function copyDevice(
  source: BlockDevice,
  destination: BlockDevice,
  options: CopyOptions = {},
): Promise<Copied> {
  if (destination.size < source.size) {
    const reason = `${source.size} octets do not fit on a device of ${destination.size}`;
    throw new DeviceError("out-of-range", reason);
  }
  let written = 0;
  const clear = async (offset: number, length: number) => {
    if (!options.blank) await destination.unmap(offset, length);
  };
  await overPieces(source, options, piecesOf(source), async (piece, buffer) => {
    const { offset, length, mapped } = piece;
    if (!mapped) return options.keepsHoles ? undefined : await clear(offset, length);
    await fill(source, offset, buffer, length);
    for (const run of runsOf(buffer, length)) {
      if (run.mapped) {
        await destination.write(offset + run.offset, buffer, run.offset, run.length);
        written += run.length;
      } else {
        await clear(offset + run.offset, run.length);
      }
    }
  });
  await destination.flush();
  return { written };
}

/** The first octet at which the copy differs from its source; undefined: none does. */
export async function firstDifference(
  source: BlockDevice,
  copy: BlockDevice,
  options: CopyOptions = {},
): Promise<number | undefined> {
  let first: number | undefined;
  await overPieces(source, options, cutPiecesOf(source), async (piece, buffer) => {
    const { offset, length, mapped } = piece;
    if (mapped) await fill(source, offset, buffer, length);
    else buffer.fill(0, 0, length);
    const other = new Uint8Array(length);
    await fill(copy, offset, other, length);
    const at = differenceAt(buffer, other, length);
    if (at !== undefined) first = Math.min(first ?? Infinity, offset + at);
  });
  return first;
}

async function overPieces(
  source: BlockDevice,
  options: CopyOptions,
  pieces: AsyncGenerator<Extent, undefined>,
  work: Work,
): Promise<void> {
  const { signal, progress } = options;
  let done = 0;
  let failure: { readonly reason: unknown } | undefined;
  const worker = async () => {
    const buffer = new Uint8Array(Math.min(PIECE_LENGTH, source.size));
    while (failure === undefined) {
      signal?.throwIfAborted();
      const { value: piece, done: isOver } = await pieces.next();
      if (isOver) return;
      await work(piece, buffer);
      done += piece.length;
      progress?.(done, source.size);
    }
  };
  // All of them end before the copy does: no buffer and no device is in use behind its back.
  await Promise.all(Array.from({ length: PIECES_AT_ONCE }, async () => {
    try {
      await worker();
    } catch (reason) {
      failure ??= { reason };
    }
  }));
  if (failure !== undefined) throw failure.reason;
}

/** The source in pieces; a hole is one whatever its length. */
async function* piecesOf(source: BlockDevice): AsyncGenerator<Extent, undefined> {
  for (let at = 0; at < source.size;) {
    const left = source.size - at;
    const runs = source.can.unmap ? await source.extents(at, left, EXTENTS) : [];
    if (runs.length === 0) runs.push({ offset: at, length: left, mapped: true });
    for (const run of runs) {
      yield* run.mapped ? cut(run) : [run];
      at = run.offset + run.length;
    }
  }
  return undefined;
}

/** The same, no piece longer than the buffers. */
async function* cutPiecesOf(source: BlockDevice): AsyncGenerator<Extent, undefined> {
  for await (const piece of piecesOf(source)) yield* cut(piece);
  return undefined;
}

/** Pieces that end at multiples of their length. */
function* cut({ offset, length, mapped }: Extent): Generator<Extent> {
  const end = offset + length;
  for (let at = offset; at < end;) {
    const stop = Math.min(end, at - at % PIECE_LENGTH + PIECE_LENGTH);
    yield { offset: at, length: stop - at, mapped };
    at = stop;
  }
}

/** Runs of data and of zeros, one behind the other. */
function runsOf(octets: Uint8Array, length: number): Extent[] {
  const runs: Extent[] = [];
  for (let at = 0; at < length; at += GRAIN) {
    const count = Math.min(GRAIN, length - at);
    const mapped = !isZero(octets.subarray(at, at + count));
    const last = runs.at(-1);
    if (last?.mapped === mapped) runs[runs.length - 1] = { ...last, length: last.length + count };
    else runs.push({ offset: at, length: count, mapped });
  }
  return runs;
}

async function fill(
  device: BlockDevice,
  offset: number,
  into: Uint8Array,
  length: number,
): Promise<void> {
  if (!device.readNow(offset, into, 0, length)) await device.read(offset, into, 0, length);
}

function differenceAt(a: Uint8Array, b: Uint8Array, length: number): number | undefined {
  for (let at = 0; at < length; at++) if (a[at] !== b[at]) return at;
  return undefined;
}
