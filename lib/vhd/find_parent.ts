/**
 * Finds a child's parent. Where it is was written by whoever made the child, so it is a hint and no
 * more: of a path its last part alone counts, in the child's own directory, and no link is
 * followed. A file that an operator names is taken from where it is. What is found must have the
 * parent's unique id.
 */
import { dirname, join } from "node:path";
import { FileError } from "../block/file_error.ts";
import type { FileStore } from "../block/file_store.ts";
import type { PositionalFile } from "../block/positional_file.ts";
import { type DynamicImage, locatorPaths } from "./dynamic_image.ts";
import { findFooter, readable } from "./find_footer.ts";
import { FormatError } from "./format_error.ts";
import { uuidText } from "./uuid_text.ts";

/** Files of a directory among which a parent is looked for by its unique id. */
const MOST_FILES = 1024;
const NAME = /\.a?vhd$/i;
const MOST_NAME_OCTETS = 255;

/** The path of the parent; fails with a FileError that says where it was looked for. */
export async function findParent(
  child: PositionalFile,
  image: DynamicImage,
  files: FileStore,
): Promise<string> {
  const path = await files.locate(child.path);
  const directory = dirname(path);
  const { header } = image;
  const names = [...locatorPaths(child, header), header.parentName].map(lastPart).filter(isName);
  for (const name of new Set(names)) {
    const candidate = join(directory, name);
    if (await isParent(candidate, header.parentUniqueId, files, true)) return candidate;
  }
  for (const name of await files.list(directory, MOST_FILES)) {
    const candidate = join(directory, name);
    if (!NAME.test(name) || candidate === path) continue;
    if (await isParent(candidate, header.parentUniqueId, files, false)) return candidate;
  }
  const called = names.length === 0 ? "" : ` ${names[0]}`;
  throw new FileError(
    "not-found",
    `cannot open ${path}: its parent${called} (${uuidText(header.parentUniqueId)}) is not in ` +
      `${directory}; put it there, or name it with --parent`,
    { path },
  );
}

/** Whether the file is there, itself and no link, and has the id. */
async function isParent(
  path: string,
  id: Uint8Array,
  files: FileStore,
  isNamed: boolean,
): Promise<boolean> {
  if (!await files.exists(path) || await files.locate(path) !== path) return false;
  try {
    const file = await files.open(path, { readOnly: true });
    try {
      return findFooter(readable(file))?.footer.uniqueId.toHex() === id.toHex();
    } finally {
      file.close();
    }
  } catch (error) {
    // A file that is in use may be the one; any other that cannot be read is not.
    if (error instanceof FileError && error.kind === "in-use" && isNamed) throw error;
    if (error instanceof FileError || error instanceof FormatError) return false;
    throw error;
  }
}

function lastPart(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1);
}

function isName(name: string): boolean {
  return name !== "" && name !== "." && name !== ".." && !/[\\\0]/.test(name) &&
    new TextEncoder().encode(name).length <= MOST_NAME_OCTETS;
}
