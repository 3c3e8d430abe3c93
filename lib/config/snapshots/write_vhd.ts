/** Writes a device into a new dynamic VHD, which is under its name whole or not at all. */
import type { BlockDevice } from "../../block/device.ts";
import { nameExclusively } from "../../block/name_exclusively.ts";
import { turn } from "../../block/slices.ts";
import { syncDirectory } from "../../block/sync_directory.ts";
import { isZero } from "../../block/zeros.ts";
import { directoryOf, fileNameOf } from "../../runtime/path.ts";
import { createDynamicVhd } from "../../vhd/create.ts";
import { openVhd } from "../../vhd/open.ts";
import { ControlError } from "../control_error.ts";
import { fileFailure } from "../file_failure.ts";
import { checkPath } from "../operations/declare_disk.ts";
import type { Followed } from "../snapshot_control.ts";
import { ChainFiles } from "./chain_files.ts";

const PIECE_LENGTH = 1 << 20;
/** Runs that are asked for at once. */
const MOST_RUNS = 64;

/** Of `size` octets, zeros behind what there is to write; as large as that without. */
export async function writeVhd(
  from: BlockDevice,
  path: string,
  followed: Followed,
  size: number = from.size,
): Promise<void> {
  checkPath(path);
  const files = new ChainFiles();
  if (await files.exists(path)) throw taken(path);
  // What is hidden itself is known by its name, and so is what there is of it.
  const isHidden = fileNameOf(path).startsWith(".sanctl-");
  const temporary = isHidden
    ? `${path}.partial`
    : `${directoryOf(path)}/.sanctl-${crypto.randomUUID()}.partial`;
  try {
    await createDynamicVhd(temporary, { size });
    const { device: to } = await openVhd(temporary);
    try {
      await copyDevice(from, to, followed);
      await to.flush();
    } finally {
      await to.close();
    }
    await nameExclusively(temporary, path);
    await syncDirectory(directoryOf(path));
  } catch (error) {
    await files.remove(temporary);
    if (error instanceof Deno.errors.AlreadyExists) throw taken(path);
    throw followed.signal?.aborted ? followed.signal.reason : fileFailure(path, error);
  }
}

function taken(path: string): ControlError {
  return new ControlError("in-use", `${path} exists`, "take another name, or remove it first");
}

async function copyDevice(
  from: BlockDevice,
  to: BlockDevice,
  { onProgress, signal }: Followed,
): Promise<void> {
  const buffer = new Uint8Array(PIECE_LENGTH);
  for (let offset = 0; offset < from.size;) {
    const runs = await from.extents(offset, from.size - offset, MOST_RUNS);
    for (const run of runs) {
      for (let done = 0; run.mapped && done < run.length;) {
        signal?.throwIfAborted();
        const piece = Math.min(buffer.length, run.length - done);
        await from.read(run.offset + done, buffer, 0, piece);
        const octets = buffer.subarray(0, piece);
        if (!isZero(octets)) await to.write(run.offset + done, buffer, 0, piece);
        done += piece;
        onProgress?.({ done: run.offset + done, total: from.size });
        await turn();
      }
      offset = run.offset + run.length;
    }
  }
}
