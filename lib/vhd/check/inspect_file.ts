/** Everything about one image file, but for the files of its parents. */
import type { PositionalFile } from "../../block/positional_file.ts";
import type { DynamicLayer } from "../dynamic_layer.ts";
import { isFound } from "../find_footer.ts";
import { DiskType, type Footer } from "../footer.ts";
import { foreignFormatOf } from "../foreign_format.ts";
import { SECTOR_LENGTH } from "../geometry.ts";
import type { Surroundings } from "../surroundings.ts";
import { viewFooters } from "./believed_footer.ts";
import { type Flaw, flaw } from "./finding.ts";
import { inspectBlocks } from "./inspect_blocks.ts";
import { inspectFixed } from "./inspect_fixed.ts";
import { inspectGrowing, readGrowing } from "./inspect_growing.ts";
import { inspectNotes, inspectSpareEntries } from "./inspect_notes.ts";
import { inspectSpace } from "./inspect_space.ts";
import type { Watch } from "./watch.ts";

export type CheckedFormat = "fixed" | "dynamic" | "differencing" | "raw" | "unknown";

const FORMATS: Readonly<Record<DiskType, CheckedFormat>> = {
  [DiskType.FIXED]: "fixed",
  [DiskType.DYNAMIC]: "dynamic",
  [DiskType.DIFFERENCING]: "differencing",
};

export function formatOf({ diskType }: Footer): CheckedFormat {
  return FORMATS[diskType];
}

/** What turns out about the file while it is looked at. */
export interface FileView {
  format: CheckedFormat;
  /** Octets of the disk, where that is known. */
  size: number | undefined;
  footer: Footer | undefined;
  layer: DynamicLayer | undefined;
}

export interface InspectOptions extends Watch {
  readonly around: Surroundings;
  /** What the file is meant to be; told by its end, and else by its name, without. */
  readonly expected?: "vhd" | "raw" | undefined;
  /** Octets that a raw image is meant to have. */
  readonly expectedSize?: number | undefined;
  /** Leaves out what takes long. */
  readonly quick?: boolean | undefined;
}

/** Flaws as they are found: those that forbid repairs, then those to be mended first. */
export async function* inspectFile(
  file: PositionalFile,
  view: FileView,
  options: InspectOptions,
): AsyncGenerator<Flaw> {
  const { expected } = options;
  if (expected === "raw") return yield* inspectRaw(file, view, options);
  const footers = viewFooters(file);
  const [likeliest] = footers.candidates;
  if (likeliest === undefined || isUnasked(file, likeliest.doubt, expected)) {
    if (expected === undefined && !isNamedVhd(file.path)) {
      return yield* inspectRaw(file, view, options);
    }
    return yield noFooter(file);
  }
  view.footer = likeliest.footer;
  view.format = formatOf(likeliest.footer);
  if (view.format === "fixed") {
    view.size = Number(likeliest.footer.currentSize);
    yield* inspectFixed(file, footers, likeliest, options);
    return yield* inspectNotes(file.path, likeliest);
  }
  const reading = await readGrowing(file, footers.candidates, options.around);
  if ("finding" in reading) return yield reading;
  const { believed, read } = reading;
  view.footer = believed.footer;
  view.size = read.layer.size;
  view.layer = read.layer;
  let hasJournal = false;
  for await (const each of inspectGrowing(file, footers, believed, read, options.around)) {
    hasJournal ||= each.finding.kind === "journal";
    yield each;
  }
  yield* inspectNotes(file.path, believed);
  if (options.quick || !read.isSound || hasJournal) return;
  if (view.format === "dynamic") yield* inspectBlocks(read.layer, options);
  const spare = await inspectSpareEntries(read.layer);
  yield* spare;
  const { tail } = footers.footers;
  if (spare.length === 0 && isFound(tail)) yield* inspectSpace(read.layer, tail.at, options);
}

/** In a raw image a guest may have put whatever it likes near the end. */
function isUnasked(
  file: PositionalFile,
  doubt: "checksum" | "stray" | undefined,
  expected: "vhd" | undefined,
): boolean {
  return doubt !== undefined && expected === undefined && !isNamedVhd(file.path);
}

function isNamedVhd(path: string): boolean {
  return /\.a?vhd$/i.test(path);
}

function noFooter({ path, length }: PositionalFile): Flaw {
  const message = "there is no footer at its end, near it or at the beginning: it cannot be told " +
    "what the file is; restore it from a backup, or, if it is a raw image, call it .img";
  return flaw("no-footer", { path, at: Math.max(0, length - SECTOR_LENGTH) }, message);
}

function* inspectRaw(
  file: PositionalFile,
  view: FileView,
  { expectedSize = 0 }: InspectOptions,
): Generator<Flaw> {
  const { path, length } = file;
  const head = new Uint8Array(Math.min(SECTOR_LENGTH, length));
  file.readSync(0, head, 0, head.length);
  const foreign = foreignFormatOf(head);
  if (foreign !== undefined) {
    const message = `it is a ${foreign.name} image, which is not known here; qemu-img check -f ` +
      `${foreign.qemu} may do it`;
    return yield flaw("no-footer", { path, at: 0 }, message);
  }
  view.format = "raw";
  view.size = length;
  if (length < expectedSize) {
    const message = `the disk has ${expectedSize} octets, and its file ${length} of them: the ` +
      "rest is missing; restore it from a backup";
    yield flaw("size", { path, at: length }, message);
  } else if (length === 0) yield flaw("size", { path, at: 0 }, "it is empty");
  if (length % SECTOR_LENGTH === 0) return;
  const message = `its last ${length % SECTOR_LENGTH} octets are no whole sector`;
  const at = length - length % SECTOR_LENGTH;
  yield flaw("remainder", { path, at }, message);
}
