/**
 * Disk files whose code is loaded when the first of them is touched. Most commands touch none, and
 * node:fs alone would cost them 20 ms of start-up.
 */
import type { BlockDevice } from "../block/device.ts";
import type { Logger } from "../runtime/logger.ts";
import type { AskedParent, CreateOptions, DiskFiles, GrowthOptions } from "./disk_files.ts";
import type { FoundDisk } from "./operations/declare_disk.ts";
import type { DeclaredDisk } from "./schema.ts";

export class LazyDiskFiles implements DiskFiles {
  readonly #load: () => Promise<DiskFiles>;

  constructor(load: () => Promise<DiskFiles>) {
    this.#load = load;
  }

  async locate(path: string): Promise<string> {
    return await (await this.#load()).locate(path);
  }

  async create(disk: DeclaredDisk, options: CreateOptions): Promise<string | undefined> {
    return await (await this.#load()).create(disk, options);
  }

  async look(path: string, parent?: AskedParent): Promise<FoundDisk> {
    return await (await this.#load()).look(path, parent);
  }

  async open(disk: DeclaredDisk, logger?: Logger): Promise<BlockDevice> {
    return await (await this.#load()).open(disk, logger);
  }

  async grow(disk: DeclaredDisk, size: number, options: GrowthOptions): Promise<void> {
    await (await this.#load()).grow(disk, size, options);
  }

  async delete(path: string): Promise<void> {
    await (await this.#load()).delete(path);
  }
}
