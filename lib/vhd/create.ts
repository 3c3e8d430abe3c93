/** Makes VHDs. Each is under its name whole or not at all; an existing file is refused. */
import { basename, dirname, relative } from "node:path";
import { FileError } from "../block/file_error.ts";
import type { FileStore } from "../block/file_store.ts";
import { type AllocateOptions, NewFile } from "../block/new_file.ts";
import { fixedFooter } from "./fixed.ts";
import { emitFooter, type Footer, FOOTER_LENGTH } from "./footer.ts";
import { validateGeometry } from "./geometry.ts";
import { newDynamicImage, type NewDynamicOptions, type ParentOfNew } from "./new_dynamic_image.ts";
import type { NewFooterOptions } from "./new_footer.ts";
import { openVhd } from "./open.ts";
import { type GivenSurroundings, type Surroundings, surroundings } from "./surroundings.ts";
import { timeStampOf } from "./time_stamp.ts";

export interface CreateFixedVhdOptions extends NewFooterOptions, AllocateOptions {
  /** Capacity in octets, a multiple of 512. */
  readonly size: number;
  /** Space is taken as it is written, instead of set aside now. */
  readonly sparse?: boolean;
  readonly files?: FileStore | undefined;
}

/** Makes a fixed VHD of zeros, and answers its footer. */
export async function createFixedVhd(
  path: string,
  options: CreateFixedVhdOptions,
): Promise<Footer> {
  const { size } = options;
  const flaw = Number.isInteger(size)
    ? validateGeometry({ currentSize: BigInt(size) })
    : `${size} is no number of octets`;
  if (flaw !== undefined) throw unsuitable(path, flaw);
  const footer = fixedFooter(size, options);
  const file = await NewFile.create(path, options.files);
  try {
    if (options.sparse) await file.extend(size + FOOTER_LENGTH);
    else await file.allocate(size + FOOTER_LENGTH, options);
    await file.write(size, emitFooter(footer));
    options.signal?.throwIfAborted();
    await file.commit();
  } catch (error) {
    await file.abandon();
    throw error;
  }
  return footer;
}

export interface CreateDynamicVhdOptions extends Omit<NewDynamicOptions, "parent"> {
  readonly files?: FileStore | undefined;
}

/** Makes a dynamic VHD, none of whose blocks takes space yet, and answers its footer. */
export async function createDynamicVhd(
  path: string,
  options: CreateDynamicVhdOptions,
): Promise<Footer> {
  return await createGrowingVhd(path, options, options.files);
}

export interface CreateDifferencingVhdOptions
  extends Omit<NewDynamicOptions, "parent" | "size">, GivenSurroundings {
  /** The file of the parent, which must not be written to from now on. */
  readonly parent: string;
  /** Capacity in octets, at least the parent's; without it the parent's. */
  readonly size?: number | undefined;
  /** A parent of the parent that was written to since is taken all the same. */
  readonly force?: boolean | undefined;
}

/**
 * Makes a child of a VHD, of which it takes on all that is not written to the child itself, and
 * answers its footer. The parent is opened, with its own parents, so nobody can be writing to it.
 */
export async function createDifferencingVhd(
  path: string,
  options: CreateDifferencingVhdOptions,
): Promise<Footer> {
  const around = surroundings(options);
  const { parent, force, ...rest } = options;
  const opened = await openVhd(parent, { ...around, force, readOnly: true });
  try {
    const size = options.size ?? opened.device.size;
    if (size < opened.device.size) {
      const flaw = `${size} octets are fewer than its parent has (${opened.device.size})`;
      throw unsuitable(path, flaw);
    }
    const parentOfNew = await describeParent(path, parent, opened.footer, around);
    const image = { ...around.newChildren, ...rest, size, parent: parentOfNew };
    return await createGrowingVhd(path, image, around.files);
  } finally {
    await opened.device.close();
  }
}

async function describeParent(
  path: string,
  parent: string,
  { uniqueId }: Footer,
  { files }: Surroundings,
): Promise<ParentOfNew> {
  const absolutePath = await files.locate(parent);
  // A sync of data leaves the times for later, and after a loss of power it would seem changed.
  await files.syncAll(absolutePath);
  const directory = await files.locate(dirname(path));
  return {
    uniqueId,
    timeStamp: timeStampOf(await files.modifiedAt(absolutePath)),
    name: basename(absolutePath),
    relativePath: relative(directory, absolutePath),
    absolutePath,
  };
}

async function createGrowingVhd(
  path: string,
  options: NewDynamicOptions,
  files?: FileStore,
): Promise<Footer> {
  const image = newDynamicImage(options);
  if (typeof image === "string") throw unsuitable(path, image);
  const file = await NewFile.create(path, files);
  try {
    await file.extend(image.length);
    for (const { position, octets } of image.pieces) await file.write(position, octets);
    await file.commit();
  } catch (error) {
    await file.abandon();
    throw error;
  }
  return image.footer;
}

function unsuitable(path: string, flaw: string): FileError {
  return new FileError("unsuitable", `cannot create ${path}: ${flaw}`, { path });
}
