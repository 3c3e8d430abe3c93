import { writeRun } from "../../lib/block/octet_run.ts";
import { ControlError } from "../../lib/config/control_error.ts";
import type { Context } from "../context.ts";
import { deviceFailure } from "../device_failure.ts";
import { brokenRun, type DiskRange, rangeOf } from "../disk_range.ts";
import type { DiskWriteFlags } from "../routes/initiator_disk.ts";
import { formatSize } from "../size.ts";
import { isStandardStream } from "../standard_stream.ts";
import { type GivenDisk, requireMayLose, withDisk } from "../with_disk.ts";

interface Source {
  /** Octets that it has; undefined: that is not known before its end. */
  readonly size: number | undefined;
  /** 0 at its end. */
  read(into: Uint8Array): Promise<number>;
  close(): void;
}

export default async function (
  this: Context,
  flags: DiskWriteFlags,
  place: string,
): Promise<void> {
  const source = await openSource(flags.input);
  try {
    const facts = await withDisk(this, place, { readOnly: false }, async (disk) => {
      const range = fitting(disk, rangeOf(disk, flags), source, flags.length !== undefined);
      await requireMayLose(disk, flags.force);
      const written = await run(this, disk, range, source);
      if (await source.read(new Uint8Array(1)) > 0 && flags.length === undefined) {
        throw full(disk, range, written);
      }
      return { device: place, offset: range.offset, written };
    });
    this.output.facts(
      facts,
      ({ offset, written }) => `${formatSize(written)} written to ${place} from ${offset} on`,
    );
  } finally {
    source.close();
  }
}

/** What is known not to fit, or not to be there, is refused before anything is written. */
function fitting(
  { place }: GivenDisk,
  range: DiskRange,
  { size }: Source,
  isAsked: boolean,
): DiskRange {
  if (size === undefined) return range;
  if (isAsked ? size >= range.length : size <= range.length) return { ...range };
  throw new ControlError(
    "usage",
    isAsked
      ? `the input has ${size} octets, and not ${range.length}`
      : `the input has ${size} octets, and ${place} ${range.length} from ${range.offset} on`,
    isAsked ? "give a smaller --length, or none" : "add --length to write its first ones alone",
  );
}

function full({ place }: GivenDisk, { offset }: DiskRange, written: number): ControlError {
  return new ControlError(
    "failed",
    `${place} ends at ${offset + written}, where all ${written} octets before it were written, ` +
      "and the input does not",
    "add --length to write its first ones alone",
  );
}

async function run(
  context: Context,
  disk: GivenDisk,
  range: DiskRange,
  source: Source,
): Promise<number> {
  const bar = context.progress(`writing ${disk.place}`);
  const length = Math.min(range.length, source.size ?? range.length);
  try {
    return await writeRun(disk.device, {
      ...{ offset: range.offset, length, signal: context.signal },
      progress: (done, total) => bar.update({ done, total }),
    }, (into) => source.read(into));
  } catch (error) {
    bar.end();
    throw await brokenRun(context, disk, range, "written", error);
  } finally {
    bar.end();
  }
}

async function openSource(path: string | undefined): Promise<Source> {
  if (isStandardStream(path)) {
    return {
      size: undefined,
      read: async (into) => await Deno.stdin.read(into) ?? 0,
      close: () => {},
    };
  }
  try {
    const file = await Deno.open(path);
    const { isFile, size } = await file.stat();
    return {
      size: isFile ? size : undefined,
      read: async (into) => await file.read(into) ?? 0,
      close: () => file.close(),
    };
  } catch (error) {
    throw await deviceFailure(path, error);
  }
}
