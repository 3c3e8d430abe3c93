import { ControlError } from "../../lib/config/control_error.ts";
import { requireProgram } from "../../lib/file_system/make_file_system.ts";
import { formatDevice } from "../../lib/file_system/format_device.ts";
import { ReplaceInterrupted } from "../../lib/file_system/replace_contents.ts";
import type { Context } from "../context.ts";
import { deviceFailure } from "../device_failure.ts";
import { blockLengthOf } from "../parameters.ts";
import type { DiskFormatFlags } from "../routes/initiator_disk.ts";
import { formatSize } from "../size.ts";
import { type GivenDisk, requireMayLose, withDisk } from "../with_disk.ts";

const USUAL_BLOCK_LENGTH = 512;

export default async function (
  this: Context,
  flags: DiskFormatFlags,
  place: string,
): Promise<void> {
  const options = { readOnly: false, blockLength: blockLengthOf(flags.logicalBlock) };
  const facts = await withDisk(this, place, options, async (disk) => {
    const { device, partition, blockLength = USUAL_BLOCK_LENGTH } = disk;
    const { fs: name, label } = flags;
    const made = { name, label, blockLength, startBlock: partition?.firstBlock ?? 0 };
    await requireProgram(made);
    await requireMayLose(disk, flags.force);
    const written = await format(this, disk, made);
    return { device: place, fileSystem: name, label: label ?? null, size: device.size, written };
  });
  this.output.facts(
    facts,
    ({ size, written }) =>
      `${place} is formatted with ${flags.fs}: ${formatSize(size)}, ${formatSize(written)} written`,
  );
}

async function format(
  context: Context,
  { device, place }: GivenDisk,
  made: Parameters<typeof formatDevice>[1],
): Promise<number> {
  const bar = context.progress(`formatting ${place}`);
  try {
    const { written } = await formatDevice(device, made, {
      signal: context.signal,
      progress: (done, total) => bar.update({ done, total }),
    });
    return written;
  } catch (error) {
    if (!(error instanceof ReplaceInterrupted)) throw error;
    bar.end();
    const state = `${place} holds no file system now, and none of what it held`;
    const cause = await deviceFailure(place, error.cause);
    if (context.signal.aborted) context.stderr.write(`${state}: format it again\n`);
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new ControlError("failed", `${why}; ${state}`, "format it again", { cause: error });
  } finally {
    bar.end();
  }
}
