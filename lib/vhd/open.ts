/** Opens VHDs as devices. */
import type { BlockDevice } from "../block/device.ts";
import { FileDevice, type FileDeviceOptions } from "../block/file.ts";
import type { PositionalFile } from "../block/positional_file.ts";
import { ChainDevice } from "./chain_device.ts";
import { ChainTop } from "./chain_top.ts";
import type { DynamicLayer } from "./dynamic_layer.ts";
import { DiskType, type Footer, FOOTER_LENGTH } from "./footer.ts";
import { gapsOf } from "./gaps.ts";
import { growFixed, settleFixed } from "./grow_fixed.ts";
import { Journal, journalPath } from "./journal.ts";
import type { Layer } from "./layer.ts";
import {
  findVhd,
  fixedRegion,
  type FoundVhd,
  openDynamicLayer,
  openParents,
  openReadOnly,
  type ParentOptions,
  putInOrder,
} from "./open_layers.ts";
import { type GivenSurroundings, type Surroundings, surroundings } from "./surroundings.ts";

export interface OpenVhdOptions extends ParentOptions, GivenSurroundings {
  readonly readOnly?: boolean | undefined;
  /** What is unmapped on a fixed disk gives its space back; on the others it always does. */
  readonly sparse?: boolean | undefined;
  /** Others may have the disk's own file open to be read; those under it stay shut to writers. */
  readonly besideReaders?: boolean | undefined;
}

export interface OpenedVhd {
  readonly device: BlockDevice;
  readonly footer: Footer;
  /** The files of its parents, the nearest one first. */
  readonly parents: readonly string[];
}

/**
 * Opens a VHD of any type, with all its parents. Everything is checked, under the files' locks,
 * before any of it is trusted; fails with a FormatError for what is damaged, with a FileError for
 * what cannot be opened.
 */
export async function openVhd(path: string, options: OpenVhdOptions = {}): Promise<OpenedVhd> {
  const around = surroundings(options);
  const { files, ffi, clock } = around;
  const file = options.readOnly ? await openReadOnly(path, around) : await files.open(path, {
    ...(ffi === undefined ? {} : { ffi }),
    ...(options.besideReaders ? { besideReaders: true } : {}),
  });
  try {
    const vhd = findVhd(file);
    const { footer } = vhd.found;
    if (footer.diskType !== DiskType.FIXED) return await openChain(vhd, options, around);
    return await openFixed(file, { sparse: options.sparse ?? false, clock });
  } catch (error) {
    file.close();
    throw error;
  }
}

/** The fixed disk in a file, which it takes over. */
export async function openFixed(
  file: PositionalFile,
  options: Pick<FileDeviceOptions, "sparse" | "clock"> = {},
): Promise<OpenedVhd & { readonly device: FileDevice }> {
  const vhd = findVhd(file);
  const { footer, at } = vhd.found;
  const region = fixedRegion(vhd);
  // Other readers look for it at the end alone.
  const isStranded = at + FOOTER_LENGTH < file.length;
  if (isStranded && file.writable) await settleFixed({ file, sync: () => file.sync() }, footer);
  const device = new FileDevice(file, region, { ...options, growth: growFixed });
  return { device, footer, parents: [] };
}

/** The device of a dynamic or differencing disk, which takes the file over. */
async function openChain(
  vhd: FoundVhd,
  options: OpenVhdOptions,
  around: Surroundings,
): Promise<OpenedVhd> {
  const layer = await openDynamicLayer(vhd, around);
  const parents = await openParents(layer, options, around);
  try {
    const layers = [layer, ...parents];
    const top = vhd.file.writable ? await openTop(layer, layers, vhd, around) : undefined;
    return {
      device: new ChainDevice(layer, layers, top),
      footer: layer.footer,
      parents: parents.map(({ medium }) => medium.file.path),
    };
  } catch (error) {
    for (const { medium } of parents) medium.file.close();
    throw error;
  }
}

async function openTop(
  layer: DynamicLayer,
  layers: readonly Layer[],
  { file, footers }: FoundVhd,
  around: Surroundings,
): Promise<ChainTop> {
  const { files, clock, random, bootId, recordsOfHalf, regionsOfChunk } = around;
  const { end, floor } = await putInOrder(layer, footers, around);
  const diskId = layer.footer.uniqueId;
  const path = journalPath(file.path);
  const options = { files, random, bootId, diskId, floor, recordsOfHalf };
  const journal = await Journal.create(path, options);
  const gaps = gapsOf(layer);
  return new ChainTop({ layer, layers, journal, clock, end, floor, gaps, regionsOfChunk });
}
