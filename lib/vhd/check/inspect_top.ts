/**
 * The file of a dynamic or differencing disk that is written to meanwhile. It is held against what
 * the service goes by, at moments at which the two must agree: what is known to be under way (the
 * journal, regions made ahead, places and bits that wait for a flush) is no flaw, and neither is
 * unused space, which the service uses again.
 */
import { blockFlaws } from "../block_flaws.ts";
import { turn } from "../../block/slices.ts";
import type { ChainTop } from "../chain_top.ts";
import {
  DYNAMIC_HEADER_LENGTH,
  type DynamicHeader,
  emitDynamicHeader,
  parseDynamicHeader,
} from "../dynamic_header.ts";
import type { DynamicLayer } from "../dynamic_layer.ts";
import { isFound } from "../find_footer.ts";
import { FormatError } from "../format_error.ts";
import { SECTOR_LENGTH } from "../geometry.ts";
import { journalPath } from "../journal.ts";
import type { Surroundings } from "../surroundings.ts";
import { isSame, viewFooters } from "./believed_footer.ts";
import { headerButForChecksum } from "./damaged.ts";
import { type Flaw, flaw } from "./finding.ts";
import { inspectBlocks } from "./inspect_blocks.ts";
import { inspectFooters } from "./inspect_footers.ts";
import { inspectNotes } from "./inspect_notes.ts";
import type { Watch } from "./watch.ts";

/** Flaws of a kind that are told one by one. */
const MOST_FLAWS = 256;
/** Octets of the table that are held against the service's at once. */
const PIECE_LENGTH = 16 << 10;

export async function* inspectTop(
  top: ChainTop,
  watch: Watch,
  around: Surroundings,
): AsyncGenerator<Flaw> {
  const { layer } = top;
  const { path } = layer.medium.file;
  const places = flawsOfPlaces(layer);
  yield* places;
  yield* await inspectTable(layer, watch);
  yield* inspectHeader(layer);
  yield* await top.blanks.atRest(() => footerFlaws(layer, places.length === 0, around));
  yield* await inspectOwnJournal(path, around);
  yield* inspectNotes(path, { footer: layer.footer, at: 0 });
  if (!top.isChild && places.length === 0) {
    yield* inspectBlocks(layer, { ...watch, settled: () => top.settled() });
  }
}

function flawsOfPlaces({ table, shape, medium, image }: DynamicLayer): Flaw[] {
  const space = { table, shape, fileLength: medium.file.length, metadata: image.metadata };
  return blockFlaws(space, MOST_FLAWS).map(({ offset, message }) =>
    flaw("block-place", { path: medium.file.path, at: offset }, message)
  );
}

/** Each piece is read and judged in one go: the table is written to meanwhile. */
async function inspectTable(layer: DynamicLayer, { signal }: Watch): Promise<Flaw[]> {
  const { table, medium: { file } } = layer;
  const flaws: Flaw[] = [];
  const found = new Uint8Array(PIECE_LENGTH);
  const wanted = new Uint8Array(SECTOR_LENGTH);
  const sectorsOfPiece = PIECE_LENGTH / SECTOR_LENGTH;
  for (let first = 0; first < table.sectorCount; first += sectorsOfPiece) {
    const sectors = Math.min(sectorsOfPiece, table.sectorCount - first);
    const at = table.offset + first * SECTOR_LENGTH;
    // So that the reading that counts need not wait for the medium.
    await file.read(at, found, 0, sectors * SECTOR_LENGTH);
    file.readSync(at, found, 0, sectors * SECTOR_LENGTH);
    for (let index = 0; index < sectors; index++) {
      table.emit(first + index, wanted);
      const octets = found.subarray(index * SECTOR_LENGTH, (index + 1) * SECTOR_LENGTH);
      if (wanted.every((octet, at) => octet === octets[at])) continue;
      const place = { path: file.path, at: at + index * SECTOR_LENGTH };
      flaws.push(flaw("table", place, tableMessage(octets, wanted, first + index)));
      if (flaws.length === MOST_FLAWS) return flaws;
    }
    signal?.throwIfAborted();
    await turn();
  }
  return flaws;
}

function tableMessage(found: Uint8Array, wanted: Uint8Array, sector: number): string {
  const [one, other] = [found, wanted].map((it) => new DataView(it.buffer, it.byteOffset));
  let entry = 0;
  while (one!.getUint32(entry * 4) === other!.getUint32(entry * 4)) entry++;
  const block = sector * (SECTOR_LENGTH / 4) + entry;
  return `the table in the file, of block ${block} first, is not what the service has written ` +
    "there: another program has; the service still reads what is right, so take a copy of the " +
    "disk while it runs";
}

function* inspectHeader({ medium: { file }, image }: DynamicLayer): Generator<Flaw> {
  const place = { path: file.path, at: image.headerOffset };
  const octets = new Uint8Array(DYNAMIC_HEADER_LENGTH);
  file.readSync(place.at, octets, 0, octets.length);
  try {
    if (isSameHeader(parseDynamicHeader(octets, place), image.header)) return;
    yield flaw("header", place, "the header is not what the disk was opened with");
  } catch (error) {
    if (!(error instanceof FormatError)) throw error;
    const almost = headerButForChecksum(octets, place);
    const isVouched = almost !== undefined && isSameHeader(almost, image.header);
    const message = isVouched
      ? "bad checksum of the header, all of which is what the disk was opened with"
      : `${error.message.replace(`${error.path} at ${error.at}: `, "")}; take a copy of the disk ` +
        "while it is served";
    yield flaw("header", { ...place, at: error.at }, message, isVouched ? closedFirst : undefined);
  }
}

function isSameHeader(one: DynamicHeader, other: DynamicHeader): boolean {
  const [first, second] = [emitDynamicHeader(one), emitDynamicHeader(other)];
  return first.every((octet, at) => octet === second[at]);
}

function footerFlaws(layer: DynamicLayer, isSound: boolean, around: Surroundings): Flaw[] {
  const { medium: { file }, footer } = layer;
  const view = viewFooters(file);
  const { head } = view.footers;
  if (isFound(head) && !isSame(head.footer, footer)) {
    const message = "the copy of the footer at the beginning is not what the disk was opened with";
    return [flaw("two-disks", { path: file.path, at: 0 }, message)];
  }
  return [...inspectFooters(layer, view, isSound, around)]
    .map((each) => each.mend === undefined ? each : { ...each, mend: closedFirst });
}

/** Without it nothing that was acknowledged and not flushed would outlive the service's end. */
async function inspectOwnJournal(disk: string, { files }: Surroundings): Promise<Flaw[]> {
  const path = journalPath(disk);
  if (await files.exists(path)) return [];
  const message = "its journal was removed while the disk is in use: were the service killed, " +
    "what was not flushed would be lost; a restart makes a new one, and so does --repair";
  return [flaw("journal", { path, at: 0 }, message)];
}

function closedFirst(): Promise<void> {
  throw new Error("a disk that is open is not repaired");
}
