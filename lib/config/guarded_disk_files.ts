/**
 * Disk files, but for those that lie on disks which this service has attached itself: it would wait
 * for itself to answer what it reads there.
 */
import type { BlockDevice } from "../block/device.ts";
import type { Logger } from "../runtime/logger.ts";
import { ControlError } from "./control_error.ts";
import type { AskedParent, CreateOptions, DiskFiles, GrowthOptions } from "./disk_files.ts";
import type { FoundDisk } from "./operations/declare_disk.ts";
import type { DeclaredDisk } from "./schema.ts";

export class GuardedDiskFiles implements DiskFiles {
  readonly #files: DiskFiles;
  readonly #attachedUnder: (path: string) => string | undefined;

  /** `attachedUnder` answers the name of the attached disk that the path lies on, if it does. */
  constructor(files: DiskFiles, attachedUnder: (path: string) => string | undefined) {
    this.#files = files;
    this.#attachedUnder = attachedUnder;
  }

  async locate(path: string): Promise<string> {
    const real = await this.#files.locate(path);
    const disk = this.#attachedUnder(real);
    if (disk === undefined) return real;
    throw new ControlError(
      "in-use",
      `${path} lies on disk ${disk}, which is attached here: the service would wait for itself`,
      "put it elsewhere, or use that disk itself",
    );
  }

  create(disk: DeclaredDisk, options: CreateOptions): Promise<string | undefined> {
    return this.#files.create(disk, options);
  }

  look(path: string, parent?: AskedParent): Promise<FoundDisk> {
    return this.#files.look(path, parent);
  }

  open(disk: DeclaredDisk, logger?: Logger): Promise<BlockDevice> {
    return this.#files.open(disk, logger);
  }

  grow(disk: DeclaredDisk, size: number, options: GrowthOptions): Promise<void> {
    return this.#files.grow(disk, size, options);
  }

  delete(path: string): Promise<void> {
    return this.#files.delete(path);
  }
}
