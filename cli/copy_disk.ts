/** What copying and converting have in common: how far it is, and what its failures mean. */
import { ControlError } from "../lib/config/control_error.ts";
import { CopyDiffers, copyImage, type ImageCopied } from "../lib/image_copy.ts";
import type { Context } from "./context.ts";
import { deviceFailure } from "./device_failure.ts";
import type { DiskCopyFlags } from "./routes/disk_copy.ts";
import { formatSize } from "./size.ts";

export async function copyDisk(
  context: Context,
  flags: DiskCopyFlags,
  source: string,
  destination: string,
): Promise<void> {
  const bar = context.progress(`copying ${source}`);
  // A server that is away for a while has nothing else to keep this process alive.
  const awake = setInterval(() => undefined, 60_000);
  try {
    const copied = await copyImage(source, destination, {
      type: flags.type,
      verify: flags.verify,
      signal: context.signal,
      progress: (done, total) => bar.update({ done, total }),
      overwrite: async (size) => {
        bar.end();
        const loss = `all that ${destination} (${formatSize(size)}) holds is lost`;
        await context.confirm(loss, flags.yes);
      },
    });
    bar.end();
    context.output.facts({ source, destination, ...copied }, sentence(flags));
  } catch (error) {
    throw context.signal.aborted ? context.signal.reason : await failureOf(source, error);
  } finally {
    clearInterval(awake);
    bar.end();
  }
}

function sentence({ verify }: DiskCopyFlags) {
  return ({ source, destination, size, written }: ImageCopied & Record<string, unknown>) =>
    `${source} copied to ${destination}: ${formatSize(size)}, ${formatSize(written)} of it data` +
    (verify ? "; compared, no octet differs" : "");
}

async function failureOf(source: string, error: unknown): Promise<unknown> {
  if (!(error instanceof CopyDiffers)) return await deviceFailure(source, error);
  const next = "see whether the source was written meanwhile, and copy again";
  return new ControlError("failed", error.message, next, { cause: error });
}
