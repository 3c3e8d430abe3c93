/** Disks in files of this machine, and disks in its memory. */
import type { BlockDevice } from "../block/device.ts";
import { FileDevice } from "../block/file.ts";
import { MemoryDevice } from "../block/memory.ts";
import { NewFile } from "../block/new_file.ts";
import { nbdUrl } from "../nbd/address.ts";
import { NbdDevice } from "../nbd/client/nbd_device.ts";
import { type Logger, silentLogger } from "../runtime/logger.ts";
import { adoptParent } from "../vhd/adopt_parent.ts";
import { createDifferencingVhd, createDynamicVhd, createFixedVhd } from "../vhd/create.ts";
import { openVhd } from "../vhd/open.ts";
import { recogniseImage } from "../vhd/recognise.ts";
import { uuidText } from "../vhd/uuid_text.ts";
import { ControlError } from "./control_error.ts";
import type { AskedParent, CreateOptions, DiskFiles, GrowthOptions } from "./disk_files.ts";
import { checkExportUrl, isExportUrl } from "./export_url.ts";
import { fileFailure } from "./file_failure.ts";
import { growDevice } from "./grow_device.ts";
import type { FoundDisk } from "./operations/declare_disk.ts";
import type { DeclaredDisk } from "./schema.ts";
import { directoryOf, fileNameOf } from "../runtime/path.ts";

/** Of the memory that is available, what one disk may take; the rest keeps the service alive. */
const MOST_OF_MEMORY = 0.8;

export const localDiskFiles: DiskFiles = {
  async locate(path: string): Promise<string> {
    if (isExportUrl(path)) return nbdUrl(checkExportUrl(path));
    try {
      return await Deno.realPath(path);
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw fileFailure(path, error);
    }
    const directory = directoryOf(path);
    try {
      const real = await Deno.realPath(directory);
      return `${real === "/" ? "" : real}/${fileNameOf(path)}`;
    } catch (error) {
      throw fileFailure(directory, error);
    }
  },

  async create(disk: DeclaredDisk, options: CreateOptions): Promise<string | undefined> {
    const path = disk.path!;
    try {
      if (disk.format === "raw") return await createRaw(path, disk, options);
      return uuidText((await createVhd(path, disk, options)).uniqueId);
    } catch (error) {
      throw options.signal?.aborted ? options.signal.reason : fileFailure(path, error);
    }
  },

  async look(path: string, asked: AskedParent = {}): Promise<FoundDisk> {
    try {
      if (isExportUrl(path)) return await lookAtExport(path);
      const { format, name, size, footer, refusal } = await recogniseImage(path);
      if (refusal !== undefined) {
        throw new ControlError("failed", `the file ${path} cannot be a disk here: ${refusal}`);
      }
      const { blocks, isFile } = await Deno.stat(path);
      const sparse = isFile && blocks !== null && blocks * 512 < size;
      if (format === "raw") return { format, size, sparse, uuid: undefined };
      if (footer === undefined) throw new Error(`a ${name} without a footer is served`);
      const found = { format: "vhd", size, uuid: uuidText(footer.uniqueId) } as const;
      if (format === "fixed") return { ...found, sparse, type: "fixed" };
      return { ...found, ...await lookAtChain(path, format as GrowingType, asked), sparse: true };
    } catch (error) {
      throw fileFailure(path, error);
    }
  },

  async open(disk: DeclaredDisk, logger: Logger = silentLogger): Promise<BlockDevice> {
    const { format, path, size, sparse, chain } = disk;
    if (path === undefined) {
      const limit = Math.floor(Deno.systemMemoryInfo().available * MOST_OF_MEMORY);
      return new MemoryDevice(size, { limit });
    }
    try {
      if (format === "nbd") return await NbdDevice.open(checkExportUrl(path), { logger });
      if (format === "vhd") {
        if (chain?.merge?.replacing) throw unsettled(disk);
        const readOnly = chain?.readOnly;
        // Of a merge the parent has been written to, with what the child above it has as well. It
        // may have been begun below a snapshot that was attached then.
        const force = chain?.merge !== undefined || chain?.snapshotOf !== undefined;
        const { parent } = disk;
        const notice = (text: string) => logger.warn(text, { disk: disk.name });
        return (await openVhd(path, { sparse, parent, notice, readOnly, force })).device;
      }
      return await FileDevice.open(path, { sparse });
    } catch (error) {
      throw fileFailure(path, error);
    }
  },

  async grow(disk: DeclaredDisk, size: number, options: GrowthOptions): Promise<void> {
    const device = await localDiskFiles.open(disk);
    try {
      await growDevice(disk, device, size, options);
    } finally {
      await device.close();
    }
  },

  async delete(path: string): Promise<void> {
    try {
      const { isFile } = await Deno.lstat(path);
      if (!isFile) throw new ControlError("failed", `${path} is not a file, and is not deleted`);
      await Deno.remove(path);
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw fileFailure(path, error);
    }
  },
};

async function lookAtExport(url: string): Promise<FoundDisk> {
  const device = await NbdDevice.open(checkExportUrl(url));
  try {
    if (!device.can.write) {
      throw new ControlError("failed", `nobody may write to ${url}`, "have it served writable");
    }
    return { format: "nbd", size: device.size, sparse: device.can.unmap, uuid: undefined };
  } finally {
    await device.close();
  }
}

/** Before its files are in their places again, what is written could be lost. */
function unsettled({ name }: DeclaredDisk): ControlError {
  const next = "see to its files and their directory; it is done when they can be reached";
  return new ControlError("failed", `disk ${name} is in the middle of a merge`, next);
}

type GrowingType = "dynamic" | "differencing";

async function createVhd(path: string, disk: DeclaredDisk, options: CreateOptions) {
  const uuid = Uint8Array.fromHex(disk.uuid.replaceAll("-", ""));
  const { size, sparse, type, parent } = disk;
  if (parent !== undefined) return await createDifferencingVhd(path, { size, uuid, parent });
  if (type === "dynamic") return await createDynamicVhd(path, { size, uuid });
  const { signal } = options;
  return await createFixedVhd(path, {
    size,
    sparse,
    uuid,
    signal,
    progress: progressOf(options),
  });
}

/** Opens the disk with all its parents, as the service will, to see whether that can be done. */
async function lookAtChain(path: string, type: GrowingType, { parent, force }: AskedParent) {
  const { device, parents } = await openVhd(path, { parent, force, readOnly: true });
  await device.close();
  if (force) await adoptParent(path, parents[0]);
  return parents[0] === undefined ? { type } : { type, parent: parents[0] };
}

async function createRaw(
  path: string,
  disk: DeclaredDisk,
  options: CreateOptions,
): Promise<undefined> {
  const file = await NewFile.create(path);
  try {
    if (disk.sparse) await file.extend(disk.size);
    else {
      const progress = progressOf(options);
      await file.allocate(disk.size, { signal: options.signal, progress });
    }
    options.signal?.throwIfAborted();
    await file.commit();
  } catch (error) {
    await file.abandon();
    throw error;
  }
}

function progressOf({ onProgress }: CreateOptions) {
  return (done: number, total: number): void => onProgress?.({ done, total });
}
