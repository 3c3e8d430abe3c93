/** Formats a device: makes the file system beside it, and sends what that wrote, and no more. */
import type { BlockDevice } from "../block/device.ts";
import type { NewFileSystem } from "./file_system.ts";
import { FormatFailed } from "./format_error.ts";
import { makeFileSystem, requireProgram } from "./make_file_system.ts";
import { replaceContents, type Replaced, type ReplaceOptions } from "./replace_contents.ts";

export type FormatOptions = Pick<ReplaceOptions, "signal" | "progress">;

/** Fails with FormatFailed when nothing was changed, and else with ReplaceInterrupted. */
export async function formatDevice(
  device: BlockDevice,
  made: NewFileSystem,
  options: FormatOptions = {},
): Promise<Replaced> {
  const program = await requireProgram(made);
  const directory = await Deno.makeTempDir({ prefix: "sanctl-format-" });
  try {
    const file = `${directory}/disk`;
    await makeSparse(file, device.size);
    // What can be unmapped is, before anything is written.
    const isZeroed = device.can.unmap;
    await makeFileSystem(file, { ...made, isZeroed }, program, options.signal);
    const { FileDevice } = await import("../block/file.ts");
    const source = await FileDevice.open(file, { sparse: true });
    try {
      return await replaceContents(source, device, { ...options, keepsHoles: true });
    } finally {
      await source.close();
    }
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

async function makeSparse(path: string, size: number): Promise<void> {
  try {
    using file = await Deno.open(path, { write: true, createNew: true, mode: 0o600 });
    await file.truncate(size);
  } catch (cause) {
    if (!(cause instanceof Error)) throw cause;
    throw new FormatFailed(
      "failed",
      `a sparse file of ${size} octets is needed, and cannot be made: ${cause.message}`,
      "name another directory in TMPDIR: ext4 has files of up to 16T, XFS and btrfs larger ones",
      { cause },
    );
  }
}
