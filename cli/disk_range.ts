/** Which octets of a disk a command is about, and how far it came with them. */
import { RunBroken } from "../lib/block/octet_run.ts";
import { ControlError } from "../lib/config/control_error.ts";
import type { Context } from "./context.ts";
import { deviceFailure } from "./device_failure.ts";
import type { DiskRangeFlags } from "./routes/initiator_disk.ts";
import type { GivenDisk } from "./with_disk.ts";

export interface DiskRange {
  readonly offset: number;
  readonly length: number;
}

/** Refuses what is not all on the disk. */
export function rangeOf({ place, device }: GivenDisk, flags: DiskRangeFlags): DiskRange {
  const { offset = 0 } = flags;
  const { length = Math.max(0, device.size - offset) } = flags;
  if (offset + length <= device.size && offset <= device.size) return { offset, length };
  throw new ControlError(
    "usage",
    `${length} octets at ${offset} are not all on ${place}, which has ${device.size}`,
    "give a smaller --offset or --length",
  );
}

/** What broke a run, with the octets up to which all is done: `verb` is `read` or `written`. */
export async function brokenRun(
  context: Context,
  { place }: GivenDisk,
  { offset }: DiskRange,
  verb: "read" | "written",
  error: unknown,
): Promise<unknown> {
  if (!(error instanceof RunBroken)) return error;
  const { done, cause } = error;
  if (cause instanceof Deno.errors.BrokenPipe) return cause;
  const state = `${done} octets were ${verb}, from ${offset} up to ${offset + done} of ${place}`;
  if (context.signal.aborted) {
    context.stderr.write(`${state}\n`);
    return context.signal.reason;
  }
  const known = await deviceFailure(place, cause);
  const why = known instanceof Error ? known.message : String(known);
  const kind = known instanceof ControlError ? known.kind : "failed";
  const next = `go on from --offset ${offset + done}B when that is put right`;
  return new ControlError(kind, `${why}; ${state}`, next, { cause: error });
}
