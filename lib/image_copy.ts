/**
 * Copies a disk from anywhere to anywhere: from a device's URL or a file to another, or into a new
 * image file, which has its name when it is whole and not before.
 */
import { copyDevice, firstDifference } from "./block/copy.ts";
import type { BlockDevice } from "./block/device.ts";
import { DEVICE_URL_FORMS, openDevice } from "./device_url.ts";

/** What a new image file becomes. */
export type ImageType = "raw" | "fixed" | "dynamic";

export interface ImageCopyOptions {
  /** Of a new file; its extension says it without. */
  readonly type?: ImageType | undefined;
  /** Reads both again when the copy is made, and compares them. */
  readonly verify?: boolean | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Told how many octets are done, of how many: twice over, where they are compared too. */
  readonly progress?: ((done: number, total: number) => void) | undefined;
  /** Asked before what an existing device holds is overwritten; throws where that may not be. */
  readonly overwrite: (size: number) => Promise<void>;
}

export interface ImageCopied {
  /** Octets of the disk, and of those that were written. */
  readonly size: number;
  readonly written: number;
}

/** The copy is not what its source is. */
export class CopyDiffers extends Error {
  override readonly name = "CopyDiffers";

  constructor(readonly at: number) {
    super(`the copy differs from its source at octet ${at}`);
  }
}

const TYPES: Readonly<Record<string, ImageType>> = { vhd: "fixed", img: "raw", raw: "raw" };

/** Whether `place` is written as a device's URL. */
export function isDeviceUrl(place: string): boolean {
  const colon = place.indexOf(":");
  if (colon < 2) return false; // a drive letter is no scheme
  const scheme = place.slice(0, colon).toLowerCase();
  return DEVICE_URL_FORMS.some((form) => form.startsWith(`${scheme}:`));
}

/** The type that a file's name stands for. */
export function typeOfFile(path: string): ImageType | undefined {
  const extension = /\.([^./\\]+)$/.exec(path)?.[1]?.toLowerCase() ?? "";
  return Object.hasOwn(TYPES, extension) ? TYPES[extension] : undefined;
}

/** Opens what is to be read, as what it is. */
async function openSource(place: string): Promise<BlockDevice> {
  if (isDeviceUrl(place)) return (await openDevice(place, { readOnly: true })).device;
  const { recogniseImage } = await import("./vhd/recognise.ts");
  const { FormatError } = await import("./vhd/format_error.ts");
  const { format, refusal } = await recogniseImage(place);
  if (refusal !== undefined) throw new FormatError(refusal, { path: place, at: 0 });
  const url = format === "raw" ? `file:${place}` : `vhd:${place}`;
  return (await openDevice(url, { readOnly: true, sparse: true })).device;
}

export async function copyImage(
  from: string,
  to: string,
  options: ImageCopyOptions,
): Promise<ImageCopied> {
  const source = await openSource(from);
  try {
    const isThere = isDeviceUrl(to) || await isBlockDevice(to);
    return isThere ? await overDevice(source, to, options) : await copyToFile(source, to, options);
  } finally {
    await source.close();
  }
}

async function isBlockDevice(path: string): Promise<boolean> {
  try {
    return (await Deno.stat(path)).isBlockDevice === true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

async function overDevice(
  source: BlockDevice,
  to: string,
  options: ImageCopyOptions,
): Promise<ImageCopied> {
  const url = isDeviceUrl(to) ? to : `file:${to}`;
  const { device } = await openDevice(url, { sparse: true, size: source.size });
  try {
    await options.overwrite(device.size);
    return await copyAndVerify(source, device, false, options);
  } finally {
    await device.close();
  }
}

/** Copies a device into a new image file. */
export async function copyToFile(
  source: BlockDevice,
  path: string,
  options: Omit<ImageCopyOptions, "overwrite">,
): Promise<ImageCopied> {
  const { makeImage } = await import("./vhd/make_image.ts");
  const type = options.type ?? typeOfFile(path) ?? "raw";
  return await makeImage(path, { type, size: source.size }, async (device) => {
    const copied = await copyAndVerify(source, device, true, options);
    options.signal?.throwIfAborted();
    return copied;
  });
}

async function copyAndVerify(
  source: BlockDevice,
  destination: BlockDevice,
  blank: boolean,
  { signal, progress, verify }: Omit<ImageCopyOptions, "overwrite">,
): Promise<ImageCopied> {
  const { size } = source;
  const total = verify ? 2 * size : size;
  const { written } = await copyDevice(source, destination, {
    blank,
    signal,
    progress: (done) => progress?.(done, total),
  });
  if (verify) {
    const at = await firstDifference(source, destination, {
      signal,
      progress: (done) => progress?.(size + done, total),
    });
    if (at !== undefined) throw new CopyDiffers(at);
  }
  return { size, written };
}
