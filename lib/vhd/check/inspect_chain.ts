/**
 * The parents of a child: each is looked for, must be the one that the child was made of, as it was
 * then, and whole. None of that is put right here: a wrong parent is wrong data.
 */
import { FileError } from "../../block/file_error.ts";
import type { PositionalFile } from "../../block/positional_file.ts";
import { basename } from "node:path";
import { locatorPaths } from "../dynamic_image.ts";
import type { DynamicLayer } from "../dynamic_layer.ts";
import { findParent } from "../find_parent.ts";
import { DiskType, type Footer } from "../footer.ts";
import { MOST_LAYERS } from "../owner.ts";
import { READERS_OF_PARENT } from "../open_layers.ts";
import type { Surroundings } from "../surroundings.ts";
import { timeStampOf } from "../time_stamp.ts";
import { uuidText } from "../uuid_text.ts";
import { type Flaw, flaw } from "./finding.ts";

export interface InspectedParent {
  readonly flaws: readonly Flaw[];
  readonly footer: Footer | undefined;
  /** Of a dynamic or differencing disk whose file can be read. */
  readonly layer: DynamicLayer | undefined;
}

export interface ChainOptions {
  /** Looks at a parent's own file, quickly. */
  readonly inspect: (file: PositionalFile) => Promise<InspectedParent>;
  /** Told of each parent that is there, the nearest one first. */
  readonly found: (path: string) => void;
  readonly parent?: string | undefined;
  /** The parents are written to, as of a merge that is under way. */
  readonly force?: boolean | undefined;
  readonly around: Surroundings;
}

export async function* inspectChain(
  top: DynamicLayer,
  options: ChainOptions,
): AsyncGenerator<Flaw> {
  const open: PositionalFile[] = [];
  try {
    yield* inspectParents(top, options, open);
  } finally {
    for (const file of open) file.close();
  }
}

/** The files that are `open` are the caller's to close. */
async function* inspectParents(
  top: DynamicLayer,
  options: ChainOptions,
  open: PositionalFile[],
): AsyncGenerator<Flaw> {
  const { around, inspect } = options;
  const seen = new Set([top.footer.uniqueId.toHex()]);
  let named = options.parent;
  for (let child: DynamicLayer | undefined = top; isChild(child);) {
    const place = { path: child.medium.file.path, at: child.image.headerOffset };
    const id = child.image.header.parentUniqueId.toHex();
    if (seen.has(id)) {
      return yield flaw("parent-chain", place, "its parents go round in a circle");
    }
    seen.add(id);
    if (seen.size > MOST_LAYERS) {
      return yield flaw("parent-chain", place, `it has more than ${MOST_LAYERS - 1} parents`);
    }
    const path = await parentOf(child, named, around);
    named = undefined;
    if (typeof path !== "string") return yield path;
    options.found(path);
    const file = await around.files.open(path, { readOnly: true, mostReaders: READERS_OF_PARENT });
    open.push(file);
    const parent = await inspect(file);
    yield* parent.flaws;
    yield* await flawsOfLink(child, path, parent.footer, options);
    child = parent.layer;
  }
}

function isChild(layer: DynamicLayer | undefined): layer is DynamicLayer {
  return layer?.footer.diskType === DiskType.DIFFERENCING;
}

async function parentOf(
  child: DynamicLayer,
  named: string | undefined,
  { files }: Surroundings,
): Promise<string | Flaw> {
  const { file } = child.medium;
  try {
    if (named === undefined) return await findParent(file, child.image, files);
    return await files.locate(named);
  } catch (error) {
    if (!(error instanceof FileError) || error.kind !== "not-found") throw error;
    const place = { path: file.path, at: child.image.headerOffset };
    const message = named === undefined
      ? error.message.replace(`cannot open ${error.path}: `, "")
      : `its parent ${named} is not there; put it there, or name it with --parent`;
    return flaw("parent-missing", place, message);
  }
}

async function flawsOfLink(
  child: DynamicLayer,
  path: string,
  footer: Footer | undefined,
  { force, around }: ChainOptions,
): Promise<Flaw[]> {
  const { file } = child.medium;
  const { parentUniqueId, parentTimeStamp } = child.image.header;
  const place = { path: file.path, at: child.image.headerOffset };
  if (footer === undefined) return [];
  if (footer.uniqueId.toHex() !== parentUniqueId.toHex()) {
    const message = `${path} is ${uuidText(footer.uniqueId)}, and its parent is ` +
      `${uuidText(parentUniqueId)}; name that one`;
    return [flaw("parent-other", place, message)];
  }
  const flaws: Flaw[] = [];
  const modified = await around.files.modifiedAt(path);
  if (!force && parentTimeStamp !== 0 && timeStampOf(modified) !== parentTimeStamp) {
    const message = `its parent ${path} was written to at ${modified.toISOString()}, after it ` +
      "was made: what it takes from there may not be what it was; restore the parent as it was, " +
      "or, if it was only copied or moved, import the child anew with --force";
    flaws.push(flaw("parent-modified", place, message));
  }
  const names = locatorPaths(file, child.image.header).map((each) => basename(each));
  if (!names.includes(basename(path))) {
    const message = `its locators do not lead to its parent ${path}, which was found otherwise: ` +
      "other readers will not find it";
    flaws.push(flaw("parent-locator", place, message));
  }
  return flaws;
}
