/** What snapshots do with files. */
import { type FileStore, osFiles } from "../../block/file_store.ts";
import { copyIntoParent, restoreTime } from "../../snapshot/merge/copy_into_parent.ts";
import { takePlace } from "../../snapshot/merge/take_place.ts";
import { createDifferencingVhd } from "../../vhd/create.ts";
import { journalPath } from "../../vhd/journal.ts";
import { findVhd, openReadOnly } from "../../vhd/open_layers.ts";
import { type GivenSurroundings, surroundings } from "../../vhd/surroundings.ts";
import { directoryOf } from "../../runtime/path.ts";
import type { DiskFiles } from "../disk_files.ts";
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

/** Every failure is a ControlError that names the file. */
export class ChainFiles {
  readonly #around: GivenSurroundings;
  readonly #files: FileStore;

  constructor(around: GivenSurroundings = {}) {
    this.#around = around;
    this.#files = around.files ?? osFiles;
  }

  /** Makes an empty child; it is there wholly or not at all. Answers the octets that it has. */
  async makeChild({ path, ...options }: NewChild): Promise<number> {
    const all = { ...this.#around, ...options };
    const { currentSize } = await failing(path, () => createDifferencingVhd(path, all));
    return Number(currentSize);
  }

  /** The octets that the disk in a file has, whatever is declared. Nobody may have it open. */
  async sizeOfDisk(path: string): Promise<number> {
    return await failing(path, async () => {
      const file = await openReadOnly(path, surroundings(this.#around));
      try {
        return Number(findVhd(file).found.footer.currentSize);
      } finally {
        file.close();
      }
    });
  }

  async exists(path: string): Promise<boolean> {
    return await failing(path, () => this.#files.exists(path));
  }

  /** Removes the file for good, if it is there. */
  async remove(path: string): Promise<void> {
    await failing(path, async () => {
      await this.#files.remove(path);
      await this.#files.remove(journalPath(path));
      await this.#files.syncDirectory(directoryOf(path));
    });
  }

  /** See {@link copyIntoParent}. */
  async mergeInto(
    parent: string,
    child: string,
    from: number,
    { onProgress, signal }: Followed,
  ): Promise<number | undefined> {
    const progress = (done: number, total: number) => onProgress?.({ done, total });
    const options = { ...this.#around, parent, child, from, signal, progress };
    return await failing(parent, () => copyIntoParent(options));
  }

  /** See {@link restoreTime}. */
  async restoreTime(parent: string, child: string): Promise<void> {
    await failing(parent, async () => {
      // A journal that a merge was left with is put in order before, which would change it again.
      const file = await openReadOnly(parent, surroundings(this.#around));
      file.close();
      await restoreTime(parent, child, this.#around);
    });
  }

  /** See {@link takePlace}. */
  async replaceChild(parent: string, child: string): Promise<void> {
    await failing(parent, () => takePlace(parent, child, this.#files));
  }
}

/** The files of whatever keeps the declared state. */
export function chainFilesOf({ files }: { readonly files: DiskFiles }): ChainFiles {
  return new ChainFiles(files.around);
}

async function failing<T>(path: string, action: () => Promise<T>): Promise<T> {
  try {
    return await action();
  } catch (error) {
    throw fileFailure(path, error);
  }
}
