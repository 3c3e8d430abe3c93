/**
 * The file of a dynamic or differencing disk. What could make its data wrong comes first: where
 * there is such a thing, nothing is written to the file.
 */
import { FileError } from "../../block/file_error.ts";
import { FileMedium } from "../../block/file_medium.ts";
import type { PositionalFile } from "../../block/positional_file.ts";
import { blocksEnd, usedEnd } from "../blank_blocks.ts";
import { blockFlaws } from "../block_flaws.ts";
import { checksum } from "../checksum.ts";
import { type DynamicHeader, DynamicHeaderLayout, parseDynamicHeader } from "../dynamic_header.ts";
import { dynamicImageOf, readHeaderOctets } from "../dynamic_image.ts";
import { DynamicLayer } from "../dynamic_layer.ts";
import { findParent } from "../find_parent.ts";
import { isFound } from "../find_footer.ts";
import { DiskType } from "../footer.ts";
import { FormatError } from "../format_error.ts";
import type { Surroundings } from "../surroundings.ts";
import { timeStampOf } from "../time_stamp.ts";
import type { BelievedFooter, FooterView } from "./believed_footer.ts";
import { headerButForChecksum } from "./damaged.ts";
import { type Flaw, flaw, type Place } from "./finding.ts";
import { inspectFooters } from "./inspect_footers.ts";
import { inspectJournal } from "./inspect_journal.ts";

/** Blocks without a place of their own that are told one by one. */
const MOST_BLOCK_FLAWS = 256;
const CHECKSUM = DynamicHeaderLayout.fields.checksum;

/** What the file says, once its header is believed. */
export interface GrowingFile {
  readonly layer: DynamicLayer;
  /** The header's checksum is right. */
  readonly isHeaderWhole: boolean;
  /** Every block has a place of its own. */
  readonly isSound: boolean;
}

/** The likeliest candidate whose header can be read, or why there is none. */
export async function readGrowing(
  file: PositionalFile,
  candidates: readonly BelievedFooter[],
  around: Surroundings,
): Promise<{ believed: BelievedFooter; read: GrowingFile } | Flaw> {
  let first: Flaw | undefined;
  for (const believed of candidates) {
    try {
      const { header, isHeaderWhole } = readHeader(file, believed);
      const image = await dynamicImageOf(file, believed.footer, header);
      const layer = new DynamicLayer(new FileMedium(file, around.clock), image);
      const isSound = flawsOfPlaces(layer, 1).length === 0;
      const read = { layer, isHeaderWhole, isSound };
      if (believed.doubt === undefined || isVouchedFor(read, believed)) return { believed, read };
      const message = "the footer is damaged, and the rest of the file does not bear it out; " +
        "restore it from a backup";
      first ??= flaw("tail-footer", { path: file.path, at: believed.at }, message);
    } catch (error) {
      if (!(error instanceof FormatError)) throw error;
      first ??= flaw("header", error, `${reasonOf(error)}; restore it from a backup`);
    }
  }
  return first!;
}

function readHeader(file: PositionalFile, { footer, at }: BelievedFooter) {
  const octets = readHeaderOctets(file, footer, at);
  const where = { path: file.path, at: Number(footer.dataOffset) };
  const view = new DynamicHeaderLayout(octets);
  const isHeaderWhole = view.checksum === checksum(octets, CHECKSUM.at);
  const header = isHeaderWhole ? undefined : headerButForChecksum(octets, where);
  return { header: header ?? parseDynamicHeader(octets, where), isHeaderWhole };
}

/** The parts of the file bear each other out, and the footer, or the header, may be mended. */
export function isVouchedFor(read: GrowingFile, { at, doubt }: BelievedFooter): boolean {
  const { layer, isSound, isHeaderWhole } = read;
  if (!isSound || !hasEntryForEachBlock(layer.image.header, layer)) return false;
  if (doubt === undefined) return true;
  // What is in a block is a guest's.
  return isHeaderWhole && (at === 0 || usedEnd(layer) <= at);
}

/** As every writer makes it, and as a size, a block length or a count that is damaged would not. */
function hasEntryForEachBlock(header: DynamicHeader, { table }: DynamicLayer): boolean {
  return header.maxTableEntries === table.blockCount;
}

export async function* inspectGrowing(
  file: PositionalFile,
  view: FooterView,
  believed: BelievedFooter,
  read: GrowingFile,
  around: Surroundings,
): AsyncGenerator<Flaw> {
  const { layer } = read;
  for (const { offset, message } of flawsOfPlaces(layer, MOST_BLOCK_FLAWS)) {
    yield flaw("block-place", { path: file.path, at: offset }, message);
  }
  const { tail } = view.footers;
  const end = blocksEnd(layer);
  const isOverFooter = read.isSound && isFound(tail) && end > tail.at;
  if (isOverFooter) {
    const message = `the last block ends at ${end}, and lies over the footer at the end`;
    yield flaw("block-place", { path: file.path, at: tail.at }, message);
  }
  let isVouched = read.isHeaderWhole;
  if (!read.isHeaderWhole) {
    isVouched = isVouchedFor(read, believed) && await isParentThere(layer, around);
    yield damagedHeader(layer, isVouched);
  }
  const mayRepair = read.isSound && isVouched && !isOverFooter;
  yield* inspectFooters(layer, view, mayRepair, around);
  yield* await inspectJournal(layer, view, mayRepair, around);
}

/** What bears out a child's header: its parent, as it was when the child was made. */
async function isParentThere(layer: DynamicLayer, { files }: Surroundings): Promise<boolean> {
  const { image, medium, footer } = layer;
  if (footer.diskType !== DiskType.DIFFERENCING) return true;
  try {
    const parent = await findParent(medium.file, image, files);
    return timeStampOf(await files.modifiedAt(parent)) === image.header.parentTimeStamp;
  } catch (error) {
    if (error instanceof FileError) return false;
    throw error;
  }
}

function flawsOfPlaces({ table, shape, medium, image }: DynamicLayer, most: number) {
  const space = { table, shape, fileLength: medium.file.length, metadata: image.metadata };
  return blockFlaws(space, most);
}

function damagedHeader({ medium, image }: DynamicLayer, isVouched: boolean): Flaw {
  const { file } = medium;
  const place: Place = { path: file.path, at: image.headerOffset + CHECKSUM.at };
  if (!isVouched) {
    const message = "bad checksum of the header, and the rest of the file does not bear out what " +
      "it says; restore it from a backup";
    return flaw("header", place, message);
  }
  const message = "bad checksum of the header, all of which the rest of the file bears out";
  return flaw("header", place, message, async () => {
    const octets = new Uint8Array(DynamicHeaderLayout.length);
    file.readSync(image.headerOffset, octets, 0, octets.length);
    new DynamicHeaderLayout(octets).checksum = checksum(octets, CHECKSUM.at);
    // In one sector.
    file.writeSync(place.at, octets, CHECKSUM.at, CHECKSUM.length);
    await file.sync();
  });
}

/** What is wrong, without the place, which a finding tells apart. */
function reasonOf({ message, path, at }: FormatError): string {
  return message.replace(`${path} at ${at}: `, "");
}
