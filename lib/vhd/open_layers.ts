/** Opens the files of a chain, and judges them before any of it is trusted. */
import { FileError } from "../block/file_error.ts";
import { FileMedium } from "../block/file_medium.ts";
import type { PositionalFile } from "../block/positional_file.ts";
import { DynamicLayer } from "./dynamic_layer.ts";
import { readDynamicImage } from "./dynamic_image.ts";
import { findParent } from "./find_parent.ts";
import {
  footerInForce,
  type Footers,
  type FoundFooter,
  readable,
  readFooters,
} from "./find_footer.ts";
import { FixedLayer } from "./fixed_layer.ts";
import { DiskType } from "./footer.ts";
import { FormatError } from "./format_error.ts";
import { validateGeometry } from "./geometry.ts";
import { journalPath } from "./journal.ts";
import type { Layer } from "./layer.ts";
import { readLeftJournal } from "./left_journal.ts";
import { MOST_LAYERS } from "./owner.ts";
import { recover, type RecoveredFile } from "./recover.ts";
import type { Surroundings } from "./surroundings.ts";
import { requireBlocks } from "./require_blocks.ts";
import { timeStampOf } from "./time_stamp.ts";
import { uuidText } from "./uuid_text.ts";

/** Descriptors of a parent for what waits: there may be many parents. */
export const READERS_OF_PARENT = 2;

/** A file with the footers that were found in it, one of them in force. */
export interface FoundVhd {
  readonly file: PositionalFile;
  readonly footers: Footers;
  readonly found: FoundFooter;
}

/** Finds the footers of an open file; fails with a FormatError where it is no VHD. */
export function findVhd(file: PositionalFile): FoundVhd {
  const { path, length } = file;
  const footers = readFooters(readable(file));
  const found = footerInForce(footers);
  if (found !== undefined) return { file, footers, found };
  throw new FormatError("no VHD: there is no footer at its end; is it a raw image (file:…)?", {
    path,
    at: Math.max(0, length - 512),
  });
}

/** The octets of a fixed disk, which are all before its footer. */
export function fixedRegion({ file, found }: FoundVhd): { offset: 0; size: number } {
  const { footer, at } = found;
  const flaw = validateGeometry({ currentSize: footer.currentSize, room: at });
  if (flaw !== undefined) throw new FormatError(flaw, { path: file.path, at });
  return { offset: 0, size: Number(footer.currentSize) };
}

/** A dynamic or differencing disk's own file, as a layer. */
export async function openDynamicLayer(
  { file, found }: FoundVhd,
  around: Surroundings,
): Promise<DynamicLayer> {
  return new DynamicLayer(new FileMedium(file, around.clock), await readDynamicImage(file, found));
}

/** Puts the file of a layer that is open for writing in order. */
export async function putInOrder(
  layer: DynamicLayer,
  footers: Footers,
  around: Surroundings,
): Promise<RecoveredFile> {
  const { files, bootId, notice } = around;
  const diskId = layer.footer.uniqueId;
  const path = journalPath(layer.medium.file.path);
  const left = await readLeftJournal(path, { files, bootId, diskId });
  return await recover(layer, footers, left, notice);
}

/**
 * Opens a file to be read alone. Was it left open for writing, it is put in order first, since what
 * a journal has noted would be missing.
 */
export async function openReadOnly(path: string, around: Surroundings, readers?: number) {
  const { files, ffi } = around;
  if (await files.exists(journalPath(path))) await putLeftFileInOrder(path, around);
  const mostReaders = readers === undefined ? {} : { mostReaders: readers };
  return await files.open(path, {
    readOnly: true,
    ...(ffi === undefined ? {} : { ffi }),
    ...mostReaders,
  });
}

async function putLeftFileInOrder(path: string, around: Surroundings): Promise<void> {
  const { files } = around;
  // What it holds does not change, and its children know it by when it was last written to.
  const modifiedAt = await files.modifiedAt(path);
  const file = await files.open(path);
  try {
    const vhd = findVhd(file);
    if (vhd.found.footer.diskType === DiskType.FIXED) return;
    const layer = await openDynamicLayer(vhd, around);
    await putInOrder(layer, vhd.footers, around);
    await files.remove(journalPath(path));
  } finally {
    file.close();
  }
  await files.touch(path, modifiedAt);
  await files.syncAll(path);
}

export interface ParentOptions {
  /** The file of the nearest parent, as the operator named it. */
  readonly parent?: string | undefined;
  /** A parent that was written to since its child was made is taken all the same. */
  readonly force?: boolean | undefined;
}

/** Opens the parents of a child, the nearest one first; the caller closes them. */
export async function openParents(
  child: DynamicLayer,
  options: ParentOptions,
  around: Surroundings,
): Promise<Layer[]> {
  const parents: Layer[] = [];
  const seen = new Set([child.footer.uniqueId.toHex()]);
  try {
    let below: Layer = child;
    let named = options.parent;
    while (below instanceof DynamicLayer && below.footer.diskType === DiskType.DIFFERENCING) {
      const id = below.image.header.parentUniqueId.toHex();
      if (seen.has(id)) throw chainError(child, "its parents go round in a circle");
      seen.add(id);
      if (seen.size > MOST_LAYERS) {
        throw chainError(child, `it has more than ${MOST_LAYERS - 1} parents`);
      }
      const path = named ?? await findParent(below.medium.file, below.image, around.files);
      const parent = await openParent(path, around);
      parents.push(parent);
      await requireParent(below, parent, options.force ?? false, around);
      below = parent;
      named = undefined;
    }
    return parents;
  } catch (error) {
    for (const { medium } of parents) medium.file.close();
    throw error;
  }
}

function chainError(child: DynamicLayer, message: string): FormatError {
  return new FormatError(message, { path: child.medium.file.path, at: child.image.headerOffset });
}

async function openParent(path: string, around: Surroundings): Promise<Layer> {
  const file = await openReadOnly(path, around, READERS_OF_PARENT);
  try {
    const vhd = findVhd(file);
    const { footer } = vhd.found;
    if (footer.diskType !== DiskType.FIXED) {
      const layer = await openDynamicLayer(vhd, around);
      requireBlocks(layer, "put a whole copy in its place");
      return layer;
    }
    fixedRegion(vhd);
    return new FixedLayer(new FileMedium(file, around.clock), footer);
  } catch (error) {
    file.close();
    throw error;
  }
}

/** The parent is the one that the child was made of, and as it was then. */
async function requireParent(
  child: DynamicLayer,
  parent: Layer,
  force: boolean,
  around: Surroundings,
): Promise<void> {
  const { path } = parent.medium.file;
  const { parentUniqueId, parentTimeStamp } = child.image.header;
  const childPath = child.medium.file.path;
  if (parent.footer.uniqueId.toHex() !== parentUniqueId.toHex()) {
    throw new FileError(
      "unsuitable",
      `cannot open ${childPath} over ${path}: that is ${uuidText(parent.footer.uniqueId)}, and ` +
        `its parent is ${uuidText(parentUniqueId)}; name that one`,
      { path },
    );
  }
  const modified = await around.files.modifiedAt(path);
  if (force || parentTimeStamp === 0 || timeStampOf(modified) === parentTimeStamp) return;
  throw new FileError(
    "unsuitable",
    `cannot open ${childPath}: its parent ${path} was written to at ${modified.toISOString()}, ` +
      "after it was made; restore the parent as it was, or, if it was only copied or moved, " +
      "import the child anew with --force",
    { path },
  );
}
