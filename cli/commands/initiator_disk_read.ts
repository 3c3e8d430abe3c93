import { readRun } from "../../lib/block/octet_run.ts";
import { ControlError } from "../../lib/config/control_error.ts";
import type { Context } from "../context.ts";
import { brokenRun, type DiskRange, rangeOf } from "../disk_range.ts";
import type { DiskReadFlags } from "../routes/initiator_disk.ts";
import { formatSize } from "../size.ts";
import { isStandardStream } from "../standard_stream.ts";
import { type GivenDisk, withDisk } from "../with_disk.ts";

export default async function (
  this: Context,
  flags: DiskReadFlags,
  place: string,
): Promise<void> {
  const output = isStandardStream(flags.output) ? undefined : flags.output;
  if (output === undefined && (this.flags.json || Deno.stdout.isTerminal())) {
    const why = this.flags.json ? "standard output is for JSON" : "a terminal shows no octets";
    throw new ControlError("usage", `${why}`, "add --output FILE, or read into a pipe");
  }
  const range = await withDisk(this, place, { readOnly: true }, async (disk) => {
    const range = rangeOf(disk, flags);
    if (output === undefined) await run(this, disk, range, toStandardOutput);
    else await toFile(output, (take) => run(this, disk, range, take));
    return range;
  });
  if (output === undefined) return;
  this.output.facts(
    { device: place, ...range, file: output },
    ({ length }) => `${formatSize(length)} of ${place} read into ${output}`,
  );
}

type Take = (octets: Uint8Array) => Promise<void>;

async function run(context: Context, disk: GivenDisk, range: DiskRange, take: Take): Promise<void> {
  const bar = context.progress(`reading ${disk.place}`);
  try {
    await readRun(disk.device, {
      ...{ ...range, signal: context.signal },
      progress: (done, total) => bar.update({ done, total }),
    }, take);
  } catch (error) {
    bar.end();
    throw await brokenRun(context, disk, range, "read", error);
  } finally {
    bar.end();
  }
}

async function toStandardOutput(octets: Uint8Array): Promise<void> {
  for (let done = 0; done < octets.length;) {
    done += await Deno.stdout.write(octets.subarray(done));
  }
}

/** It has its name when it is whole. */
async function toFile(path: string, fill: (take: Take) => Promise<void>): Promise<void> {
  const { NewFile } = await import("../../lib/block/new_file.ts");
  const file = await NewFile.create(path);
  let at = 0;
  try {
    await fill(async (octets) => {
      await file.write(at, octets);
      at += octets.length;
    });
    await file.commit();
  } catch (error) {
    await file.abandon();
    throw error;
  }
}
