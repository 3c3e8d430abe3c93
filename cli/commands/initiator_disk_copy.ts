import { firstDifference } from "../../lib/block/copy.ts";
import { ControlError } from "../../lib/config/control_error.ts";
import { replaceContents, ReplaceInterrupted } from "../../lib/file_system/replace_contents.ts";
import { CopyDiffers, copyToFile, type ImageCopied } from "../../lib/image_copy.ts";
import { parseDiskPlace } from "../../lib/initiator_service/disk_place.ts";
import type { Context } from "../context.ts";
import { deviceFailure } from "../device_failure.ts";
import type { ProgressBar } from "../progress.ts";
import type { InitiatorDiskCopyFlags } from "../routes/initiator_disk.ts";
import { formatSize } from "../size.ts";
import { type GivenDisk, requireMayLose, withDisk } from "../with_disk.ts";

export default async function (
  this: Context,
  flags: InitiatorDiskCopyFlags,
  source: string,
  destination: string,
): Promise<void> {
  if (parseDiskPlace(source).disk === parseDiskPlace(destination).disk) {
    const next = "copy into a file first, and from there";
    throw new ControlError("usage", `${source} and ${destination} are on one disk`, next);
  }
  const isNew = await isNewFile(destination);
  if (!isNew && flags.type !== undefined) {
    const next = "leave --type out, or name a new file";
    throw new ControlError("usage", `${destination} is there, and stays what it is`, next);
  }
  const bar = this.progress(`copying ${source}`);
  try {
    const copied = await withDisk(this, source, { readOnly: true }, (from) => {
      if (isNew) return intoFile(this, from, destination, flags, bar);
      return withDisk(
        this,
        destination,
        { readOnly: false },
        (to) => overDisk(this, from, to, flags, bar),
      );
    });
    bar.end();
    this.output.facts(
      { source, destination, ...copied },
      ({ size, written }) =>
        `${source} copied to ${destination}: ${formatSize(size)}, ${formatSize(written)} of it ` +
        `data${flags.verify ? "; compared, no octet differs" : ""}`,
    );
  } finally {
    bar.end();
  }
}

async function isNewFile(destination: string): Promise<boolean> {
  const { kind, disk } = parseDiskPlace(destination);
  if (kind !== "path") return false;
  try {
    await Deno.stat(disk);
    return false;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return true;
    throw error;
  }
}

async function intoFile(
  context: Context,
  { device }: GivenDisk,
  path: string,
  { type, verify }: InitiatorDiskCopyFlags,
  bar: ProgressBar,
): Promise<ImageCopied> {
  try {
    return await copyToFile(device, path, {
      ...{ type, verify, signal: context.signal },
      progress: (done, total) => bar.update({ done, total }),
    });
  } catch (error) {
    throw error instanceof CopyDiffers ? differs(error.at, error) : error;
  }
}

async function overDisk(
  context: Context,
  from: GivenDisk,
  to: GivenDisk,
  { verify, force }: InitiatorDiskCopyFlags,
  bar: ProgressBar,
): Promise<ImageCopied> {
  const { size } = from.device;
  if (to.device.size < size) {
    throw new ControlError(
      "usage",
      `${from.place} has ${size} octets, which do not fit on ${to.place} with ` +
        `${to.device.size}`,
      "name a larger disk",
    );
  }
  await requireMayLose(to, force);
  const { signal } = context;
  const total = verify ? 2 * size : size;
  const progress = (done: number) => bar.update({ done, total });
  try {
    const { written } = await replaceContents(from.device, to.device, { signal, progress });
    const at = verify
      ? await firstDifference(from.device, to.device, {
        signal,
        progress: (done) => progress(size + done),
      })
      : undefined;
    if (at !== undefined) throw differs(at);
    return { size, written };
  } catch (error) {
    throw error instanceof ReplaceInterrupted ? await unfinished(context, to, error, bar) : error;
  }
}

/** Ctrl-C tells nothing but that it was, so what it leaves is told here. */
async function unfinished(
  context: Context,
  { place }: GivenDisk,
  error: ReplaceInterrupted,
  bar: ProgressBar,
): Promise<unknown> {
  bar.end();
  const state = `${place} holds part of a copy now, which nothing takes for a disk`;
  if (context.signal.aborted) context.stderr.write(`${state}: copy it again\n`);
  const cause = await deviceFailure(place, error.cause);
  const why = cause instanceof Error ? cause.message : String(cause);
  return new ControlError("failed", `${why}; ${state}`, "copy it again", { cause: error });
}

function differs(at: number, cause?: Error): ControlError {
  return new ControlError(
    "failed",
    `the copy differs from its source at octet ${at}`,
    "see whether the source was written meanwhile, and copy again",
    { cause },
  );
}
