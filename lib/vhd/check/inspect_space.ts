/**
 * Space that no block uses, between blocks and behind the last one. What lies before the first
 * block is let be: other programs keep things of their own there.
 */
import type { PositionalFile } from "../../block/positional_file.ts";
import { turn } from "../../block/slices.ts";
import { cutTo, usedEnd } from "../blank_blocks.ts";
import type { DynamicLayer } from "../dynamic_layer.ts";
import { SECTOR_LENGTH } from "../geometry.ts";
import { isBlank } from "./blank.ts";
import { type Flaw, flaw } from "./finding.ts";
import type { Watch } from "./watch.ts";

/** What a file system gives back comes in these. */
const PAGE_LENGTH = 4096;
/** Runs that are told one by one. */
const MOST_LEAKS = 256;
const GAPS_A_TURN = 1024;
/** A sector of a bitmap without a flaw. */
const ALL_ONES = new Uint8Array(SECTOR_LENGTH).fill(0xff);

/** `end` is where the footer at the file's end is. */
export async function* inspectSpace(
  layer: DynamicLayer,
  end: number,
  { signal }: Watch,
): AsyncGenerator<Flaw> {
  const { medium, shape, image } = layer;
  const sorted = layer.table.sorted();
  if (sorted.length === 0) return;
  let leaks = 0;
  for (let index = 1; index < sorted.length && leaks < MOST_LEAKS; index++) {
    const start = sorted[index - 1]! * SECTOR_LENGTH + shape.regionLength;
    const stop = sorted[index]! * SECTOR_LENGTH;
    if (stop - start >= PAGE_LENGTH) {
      const hits = image.metadata.some((it) => start < it.offset + it.length && it.offset < stop);
      const taken = hits ? undefined : takenIn(medium.file, start, stop);
      if (taken !== undefined && !await isReady(layer, taken, signal)) {
        leaks++;
        yield leakBetween(layer, taken);
      }
    }
    if (index % GAPS_A_TURN === 0) {
      signal?.throwIfAborted();
      await turn();
    }
  }
  const last = usedEnd(layer);
  if (takenIn(medium.file, last, end) === undefined) return;
  const message = `${end - last} octets behind the last block are used by none`;
  yield flaw("leak", { path: medium.file.path, at: last }, message, () => cutTo(layer, last));
}

/** From the first octet to the last, and how many between take space. */
interface Run {
  readonly start: number;
  readonly end: number;
  readonly taken: number;
}

/** The whole pages in the range that take space; none without. */
function takenIn(file: PositionalFile, start: number, end: number): Run | undefined {
  const from = Math.ceil(start / PAGE_LENGTH) * PAGE_LENGTH;
  const stop = Math.floor(end / PAGE_LENGTH) * PAGE_LENGTH;
  let first: number | undefined, last = from, taken = 0;
  for (let at = from; at < stop;) {
    const { mapped, end: runEnd } = file.run(at);
    if (mapped) {
      first ??= at;
      last = Math.min(runEnd, stop);
      taken += last - at;
    }
    at = runEnd;
  }
  return first === undefined ? undefined : { start: first, end: last, taken };
}

/**
 * Regions that a block has given up are kept to be used again: they are blank, and no more than
 * their bitmaps takes space.
 */
async function isReady(
  { shape, medium }: DynamicLayer,
  { start, end, taken }: Run,
  signal: AbortSignal | undefined,
): Promise<boolean> {
  const regions = Math.ceil((end - start) / shape.regionLength);
  const bitmapPages = Math.ceil(shape.bitmapLength / PAGE_LENGTH) + 1;
  if (taken > regions * bitmapPages * PAGE_LENGTH) return false;
  return await isBlank(medium.file, start, end, ALL_ONES, { signal });
}

function leakBetween({ medium }: DynamicLayer, { start, end }: Run): Flaw {
  const { file } = medium;
  const place = { path: file.path, at: start };
  const message = `${end - start} octets between blocks are used by none`;
  if (file.writable && !file.punches) {
    const next = "and their space cannot be given back here; sanctl disk convert makes a copy " +
      "without them";
    return flaw("leak", place, `${message}, ${next}`);
  }
  return flaw("leak", place, message, async () => {
    await medium.clear(start, end - start, true);
    await medium.sync();
  });
}
