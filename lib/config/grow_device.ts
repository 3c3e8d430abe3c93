/** Makes a disk larger on its medium, for whoever has opened it. */
import type { BlockDevice } from "../block/device.ts";
import { ControlError } from "./control_error.ts";
import type { GrowthOptions } from "./disk_files.ts";
import { fileFailure } from "./file_failure.ts";
import type { DeclaredDisk } from "./schema.ts";

/** Done wholly or not at all; every failure is a ControlError, or the reason it was called off. */
export async function growDevice(
  { name, path = name }: DeclaredDisk,
  device: BlockDevice,
  size: number,
  { onProgress, signal, ready }: GrowthOptions,
): Promise<void> {
  if (device.size === size) return await ready?.(); // done before, and not declared any more
  if (device.grow === undefined) throw growsNot(name);
  if (device.size > size) {
    const next = "give a larger size: a disk never shrinks";
    throw new ControlError("usage", `disk ${name} has ${device.size} octets already`, next);
  }
  try {
    await device.grow(size, {
      signal,
      ready,
      progress: (done, total) => onProgress?.({ done, total }),
    });
  } catch (error) {
    throw signal?.aborted ? signal.reason : fileFailure(path, error);
  }
}

export function growsNot(name: string): ControlError {
  const next = "copy it to a larger disk";
  return new ControlError("failed", `disk ${name} has a medium that does not grow`, next);
}
