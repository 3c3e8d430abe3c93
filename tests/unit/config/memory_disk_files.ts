/** Disk files that are only remembered: a path is there when it was created or put there. */
import type { BlockDevice } from "../../../lib/block/device.ts";
import { MemoryDevice } from "../../../lib/block/memory.ts";
import { ControlError } from "../../../lib/config/control.ts";
import { growDevice } from "../../../lib/config/grow_device.ts";
import type { CreateOptions, DiskFiles } from "../../../lib/config/disk_files.ts";
import type { FoundDisk } from "../../../lib/config/operations/declare_disk.ts";
import type { DeclaredDisk } from "../../../lib/config/schema.ts";
import { GatedDevice } from "../../support/gated_device.ts";

export class MemoryDiskFiles implements DiskFiles {
  readonly found = new Map<string, FoundDisk>();
  /** Paths that are open now. */
  readonly open_ = new Set<string>();
  /** Every device that was opened, by the name of its disk, to be held by a test. */
  readonly devices = new Map<string, GatedDevice>();
  /** Set to make the next opening fail. */
  refusal: ControlError | undefined;
  /** Paths that cannot be created. */
  readonly uncreatable = new Map<string, ControlError>();
  /** Paths whose disks cannot be extended. */
  readonly ungrowable = new Map<string, Error>();
  /** Called before a file is created. */
  beforeCreating: ((path: string) => Promise<unknown>) | undefined;
  /** Set to make openings wait. */
  beforeOpening: Promise<void> | undefined;

  put(path: string, size = 1 << 20): void {
    this.found.set(path, { format: "raw", size, sparse: false, uuid: undefined });
  }

  locate(path: string): Promise<string> {
    return Promise.resolve(path);
  }

  async create(
    disk: DeclaredDisk,
    { onProgress, signal }: CreateOptions,
  ): Promise<string | undefined> {
    const { path, size } = disk;
    await this.beforeCreating?.(path!);
    const refusal = this.uncreatable.get(path!);
    if (refusal !== undefined) throw refusal;
    if (this.found.has(path!)) {
      throw new ControlError("in-use", `cannot create ${path}: it exists`);
    }
    for (const done of [size / 2, size]) {
      signal?.throwIfAborted();
      onProgress?.({ done, total: size });
    }
    this.put(path!, size);
    return undefined;
  }

  look(path: string): Promise<FoundDisk> {
    const found = this.found.get(path);
    if (found !== undefined) return Promise.resolve(found);
    return Promise.reject(new ControlError("not-found", `there is no ${path}`));
  }

  async open(disk: DeclaredDisk): Promise<BlockDevice> {
    const device = new GatedDevice(await this.#open(disk));
    this.devices.set(disk.name, device);
    return device;
  }

  async #open({ path, size }: DeclaredDisk): Promise<BlockDevice> {
    await this.beforeOpening;
    if (this.refusal !== undefined) throw this.refusal;
    if (path === undefined) return new MemoryDevice(size);
    const found = this.found.get(path);
    if (found === undefined) {
      throw new ControlError("not-found", `there is no ${path}`, "put it back");
    }
    if (this.open_.has(path)) throw new ControlError("in-use", `${path} is open`);
    this.open_.add(path);
    const device = new MemoryDevice(found.size);
    const grow = device.grow.bind(device);
    device.grow = async (size, options) => {
      const failure = this.ungrowable.get(path);
      if (failure !== undefined) throw failure;
      await grow(size, options);
      this.found.set(path, { ...found, size });
    };
    const close = device.close.bind(device);
    device.close = () => {
      this.open_.delete(path);
      return close();
    };
    return device;
  }

  async grow(disk: DeclaredDisk, size: number, options: CreateOptions): Promise<void> {
    const device = await this.open(disk);
    try {
      await growDevice(disk, device, size, options);
    } finally {
      await device.close();
    }
  }

  delete(path: string): Promise<void> {
    this.found.delete(path);
    return Promise.resolve();
  }
}
