/** Whether octets of a file say nothing. */
import { turn } from "../../block/slices.ts";
import type { PositionalFile } from "../../block/positional_file.ts";
import { SECTOR_LENGTH } from "../geometry.ts";
import type { Watch } from "./watch.ts";

const PIECE_LENGTH = 1 << 20;

/** Whether every sector from `start` to `end` is zeros, or the same as `besides`. */
export async function isBlank(
  file: PositionalFile,
  start: number,
  end: number,
  besides: Uint8Array,
  { progress, signal }: Watch,
): Promise<boolean> {
  const piece = new Uint8Array(Math.min(PIECE_LENGTH, Math.max(end - start, 0)));
  for (let at = start; at < end;) {
    signal?.throwIfAborted();
    const { mapped, end: runEnd } = file.run(at);
    const stop = Math.min(mapped ? at + piece.length : runEnd, end);
    if (mapped) {
      await file.read(at, piece, 0, stop - at);
      if (!areBlank(piece.subarray(0, stop - at), besides)) return false;
    }
    at = stop;
    progress?.(at - start, end - start);
    await turn();
  }
  return true;
}

function areBlank(octets: Uint8Array, besides: Uint8Array): boolean {
  for (let at = 0; at < octets.length; at += SECTOR_LENGTH) {
    const sector = octets.subarray(at, at + SECTOR_LENGTH);
    if (!sector.every((octet) => octet === 0) && !isSame(sector, besides)) return false;
  }
  return true;
}

function isSame(one: Uint8Array, other: Uint8Array): boolean {
  return one.length === other.length && one.every((octet, at) => octet === other[at]);
}
