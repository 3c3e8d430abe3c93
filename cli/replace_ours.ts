/** Writes a file whole; one that is there is replaced only where it is of the same kind. */
import { ControlError } from "../lib/config/control_error.ts";
import { replaceFile } from "../lib/block/durable_file.ts";
import { absolute } from "../lib/config/state_directory.ts";

export interface ReplaceOptions {
  /** Whether a text that is there may be replaced: it is an older one of ours. */
  readonly isOurs: (text: string) => boolean;
  /** Who may read it, as far as the umask lets them. */
  readonly mode: number;
}

/** Enough to know a file by. */
const HEAD_OCTETS = 256;

export async function replaceOurs(
  file: string,
  text: string,
  { isOurs, mode }: ReplaceOptions,
): Promise<void> {
  try {
    if (await isAnothers(file, isOurs)) {
      const nextStep = "give another name, or remove it first";
      throw new ControlError(
        "in-use",
        `${file} is something else, and is not overwritten`,
        nextStep,
      );
    }
    await replaceFile(absolute(file), new TextEncoder().encode(text), mode);
  } catch (error) {
    if (error instanceof ControlError || !(error instanceof Error)) throw error;
    const isForbidden = error instanceof Deno.errors.PermissionDenied;
    throw new ControlError(
      isForbidden ? "permission" : error instanceof Deno.errors.NotFound ? "not-found" : "failed",
      `${file} could not be written: ${error.message}`,
      "see to its directory, or give another one",
      { cause: error },
    );
  }
}

async function isAnothers(file: string, isOurs: (text: string) => boolean): Promise<boolean> {
  try {
    const { isFile, size } = await Deno.stat(file);
    if (!isFile) return true;
    if (size === 0) return false;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
  using opened = await Deno.open(file);
  const head = new Uint8Array(HEAD_OCTETS);
  const length = await opened.read(head) ?? 0;
  return !isOurs(new TextDecoder().decode(head.subarray(0, length)));
}
