/** Reads what a unit owes, and says whether it is all there. */
import { Status } from "../scsi/status.ts";
import { crc32c } from "../wire/crc32c.ts";
import type { CommandRequest, CommandResult } from "./command.ts";
import { read } from "./unit_commands.ts";
import type { Owed, Range } from "./unflushed_writes.ts";

/** "lost": it is not there. "unknown": part of it cannot be told. */
export type ReadBack = "there" | "lost" | "unknown";

export interface ReadBackOptions {
  readonly blockLength: number;
  readonly ask: (request: CommandRequest) => Promise<CommandResult>;
}

const MOST_OCTETS = 1 << 20;

/** `owed` is in the order of the disk. */
export async function readBack(
  owed: readonly Owed[],
  options: ReadBackOptions,
): Promise<ReadBack> {
  let outcome: ReadBack = owed.some(({ sum }) => sum === undefined) ? "unknown" : "there";
  const known = owed.filter(({ sum }) => sum !== undefined);
  for (const { range, owed } of runs(known, options.blockLength)) {
    const octets = new Uint8Array(range.length);
    const { offset, length } = range;
    const { blockLength, ask } = options;
    const cdb = read(offset / blockLength, length / blockLength);
    const { status, transferred } = await ask({ cdb, dataIn: octets });
    if (status !== Status.GOOD || transferred !== length) outcome = "unknown";
    else if (!owed.every((each) => isThere(each, octets, offset))) return "lost";
  }
  return outcome;
}

function isThere({ offset, length, sum }: Owed, octets: Uint8Array, start: number): boolean {
  return crc32c(octets, offset - start, length) === sum;
}

interface Run {
  readonly range: Range;
  readonly owed: readonly Owed[];
}

/** What lies side by side is read together; every run is of whole blocks. */
function* runs(owed: readonly Owed[], blockLength: number): Generator<Run> {
  let together: Owed[] = [];
  let start = 0;
  let end = 0;
  for (const each of owed) {
    const eachStart = Math.floor(each.offset / blockLength) * blockLength;
    const eachEnd = Math.ceil((each.offset + each.length) / blockLength) * blockLength;
    if (together.length > 0 && (eachStart > end || eachEnd - start > MOST_OCTETS)) {
      yield { range: { offset: start, length: end - start }, owed: together };
      together = [];
    }
    if (together.length === 0) start = eachStart;
    together.push(each);
    end = Math.max(together.length === 1 ? 0 : end, eachEnd);
  }
  if (together.length > 0) yield { range: { offset: start, length: end - start }, owed: together };
}
