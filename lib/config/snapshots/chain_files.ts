/** What snapshots do with files. */
import { osFiles } from "../../block/file_store.ts";
import { copyIntoParent } from "../../snapshot/merge/copy_into_parent.ts";
import { takePlace } from "../../snapshot/merge/take_place.ts";
import { createDifferencingVhd } from "../../vhd/create.ts";
import { findVhd, openReadOnly } from "../../vhd/open_layers.ts";
import { surroundings } from "../../vhd/surroundings.ts";
import { syncDirectory } from "../../block/sync_directory.ts";
import { directoryOf } from "../../runtime/path.ts";
import { fileFailure } from "../file_failure.ts";
import type { Followed } from "../snapshot_control.ts";

export interface NewChild {
  readonly path: string;
  readonly parent: string;
  /** Octets that it is to have; its parent's without. */
  readonly size?: number;
  /** A parent that a merge is writing to is taken all the same. */
  readonly force: boolean;
}

/** Makes an empty child; it is there wholly or not at all. Answers the octets that it has. */
export async function makeChild({ path, ...options }: NewChild): Promise<number> {
  const { currentSize } = await failing(path, () => createDifferencingVhd(path, options));
  return Number(currentSize);
}

/** The octets that the disk in a file has, whatever is declared of it. Nobody may have it open. */
export async function sizeOfDisk(path: string): Promise<number> {
  return await failing(path, async () => {
    const file = await openReadOnly(path, surroundings());
    try {
      return Number(findVhd(file).found.footer.currentSize);
    } finally {
      file.close();
    }
  });
}

export async function exists(path: string): Promise<boolean> {
  return await failing(path, () => osFiles.exists(path));
}

/** Removes the file for good, if it is there. */
export async function removeFile(path: string): Promise<void> {
  await failing(path, async () => {
    await osFiles.remove(path);
    await osFiles.remove(`${path}.sjl`);
    await syncDirectory(directoryOf(path));
  });
}

/** See {@link copyIntoParent}. */
export async function mergeInto(
  parent: string,
  child: string,
  from: number,
  { onProgress, signal }: Followed,
): Promise<number | undefined> {
  const progress = (done: number, total: number) => onProgress?.({ done, total });
  return await failing(
    parent,
    () => copyIntoParent({ parent, child, from, signal, progress }),
  );
}

/** See {@link takePlace}. */
export async function replaceChild(parent: string, child: string): Promise<void> {
  await failing(parent, () => takePlace(parent, child));
}

async function failing<T>(path: string, action: () => Promise<T>): Promise<T> {
  try {
    return await action();
  } catch (error) {
    throw fileFailure(path, error);
  }
}
