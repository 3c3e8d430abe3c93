/** Makes an image file of what is written into it, whole under its name or not there at all. */
import type { BlockDevice } from "../block/device.ts";
import { FileDevice } from "../block/file.ts";
import { FileError } from "../block/file_error.ts";
import { NewFile } from "../block/new_file.ts";
import { fixedFooter } from "./fixed.ts";
import { emitFooter, FOOTER_LENGTH } from "./footer.ts";
import { validateGeometry } from "./geometry.ts";
import { newDynamicImage } from "./new_dynamic_image.ts";
import { openVhd } from "./open.ts";

export interface NewImage {
  readonly type: "raw" | "fixed" | "dynamic";
  /** Octets of the disk. */
  readonly size: number;
}

/**
 * `write` is given the disk, all zeros and sparse; when it throws, nothing is left of the file. An
 * existing file is refused.
 */
export async function makeImage<T>(
  path: string,
  image: NewImage,
  write: (device: BlockDevice) => Promise<T>,
): Promise<T> {
  const flaw = image.type === "raw"
    ? undefined
    : validateGeometry({ currentSize: BigInt(image.size) });
  if (flaw !== undefined) throw unsuitable(path, flaw);
  const file = await NewFile.create(path);
  try {
    await layOut(file, image);
    const device = await open(file.partialPath, image);
    let result: T;
    try {
      result = await write(device);
    } finally {
      await device.close();
    }
    await file.commit();
    return result;
  } catch (error) {
    await file.abandon();
    throw error;
  }
}

/** Writes what makes a disk of the file. */
async function layOut(file: NewFile, { type, size }: NewImage): Promise<void> {
  if (type === "raw") return await file.extend(size);
  if (type === "fixed") {
    await file.extend(size + FOOTER_LENGTH);
    return await file.write(size, emitFooter(fixedFooter(size)));
  }
  const image = newDynamicImage({ size });
  if (typeof image === "string") throw unsuitable(file.path, image);
  await file.extend(image.length);
  for (const { position, octets } of image.pieces) await file.write(position, octets);
}

async function open(path: string, { type }: NewImage): Promise<BlockDevice> {
  if (type === "raw") return await FileDevice.open(path, { sparse: true });
  return (await openVhd(path, { sparse: true })).device;
}

function unsuitable(path: string, flaw: string): FileError {
  return new FileError("unsuitable", `cannot create ${path}: ${flaw}`, { path });
}
