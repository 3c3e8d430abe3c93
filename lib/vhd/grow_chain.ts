/**
 * Makes a dynamic or differencing disk larger while it is used. First the table gets room for the
 * new blocks, in place where nothing is behind it and else at the file's end; then the header says
 * so, then the footer at the end the new size, and last its copy at the beginning, which is what
 * counts: see README.md, "Disks that grow as they are written".
 */
import type { GrowOptions } from "../block/device.ts";
import { FileError } from "../block/file_error.ts";
import { turn } from "../block/slices.ts";
import { BlockAllocationTable } from "./block_allocation_table.ts";
import { changeHeader } from "./change_header.ts";
import type { ChainTop } from "./chain_top.ts";
import type { DynamicHeader } from "./dynamic_header.ts";
import { metadataOf } from "./dynamic_image.ts";
import { emitFooter, FOOTER_LENGTH } from "./footer.ts";
import { SECTOR_LENGTH, validateGeometry } from "./geometry.ts";
import { grownFooter } from "./grown_footer.ts";
import { TOP } from "./owner.ts";
import { writeTableSector, writeTableSectorAt } from "./publish.ts";

/** Sectors of a table that are written before the event loop turns. */
const SECTORS_A_TURN = 512;
/** Octets that are looked at in one piece. */
const PIECE_LENGTH = 256 << 10;

/** `size` is larger than the disk. One at a time. */
export async function growChain(top: ChainTop, size: number, options: GrowOptions): Promise<void> {
  requireGrowth(top, size);
  const { layer } = top;
  const before = layer.size;
  await growTable(top, layer.shape.blockCount(size), options);
  const last = Math.floor(before / layer.shape.blockLength);
  if (before % layer.shape.blockLength === 0) await tellSize(top, size);
  else {
    // Nobody gets anything for it meanwhile, and what it has got the file says.
    await top.inTurn(last, async () => {
      await top.flush();
      await clearBehind(top, last, before);
      await tellSize(top, size);
    });
  }
  options.progress?.(size - before, size - before);
}

function requireGrowth({ layer, layers }: ChainTop, size: number): void {
  const { path } = layer.medium.file;
  const { header, headerOffset } = layer.image;
  const maxTableEntries = Math.max(header.maxTableEntries, layer.shape.blockCount(size));
  const table = { ...header, headerOffset: BigInt(headerOffset), maxTableEntries };
  // The table may have to go elsewhere, so its place is not judged.
  const flaw = validateGeometry({
    currentSize: BigInt(size),
    table: { ...table, tableOffset: BigInt(headerOffset) + 1024n },
  });
  if (flaw !== undefined) {
    throw new FileError("unsuitable", `cannot extend ${path}: ${flaw}`, { path });
  }
  const larger = layers.find((each, at) => at !== TOP && each.size > layer.size);
  if (larger === undefined) return;
  throw new FileError(
    "unsuitable",
    `cannot extend ${path}: its parent ${larger.medium.file.path} is larger, and what that holds ` +
      "would be seen; take a whole copy: sanctl disk convert",
    { path },
  );
}

/** Makes entries for so many blocks, and has the header say where they are. */
async function growTable(top: ChainTop, blocks: number, options: GrowOptions): Promise<void> {
  const { layer } = top;
  const { table, medium, image } = layer;
  const { header } = image;
  const first = BlockAllocationTable.sectorOf(table.blockCount);
  const maxTableEntries = Math.max(header.maxTableEntries, blocks);
  const isRoom = await hasRoom(top, maxTableEntries);
  table.extend(maxTableEntries);
  const offset = isRoom
    ? table.offset
    : await top.blanks.reserve(table.sectorCount * SECTOR_LENGTH);
  if (!isRoom) table.beginMove(offset);
  let isMoved = false;
  try {
    for (let sector = isRoom ? first : 0; sector < table.sectorCount; sector++) {
      if (isRoom) writeTableSector(layer, sector);
      else writeTableSectorAt(layer, sector, offset + sector * SECTOR_LENGTH);
      if (sector % SECTORS_A_TURN === 0) await turn();
    }
    await medium.sync();
    await options.ready?.();
    options.signal?.throwIfAborted();
    if (isRoom && maxTableEntries === header.maxTableEntries) return;
    await changeHeader(
      { file: medium.file, sync: () => medium.sync() },
      image.headerOffset,
      (it) => {
        it.tableOffset = BigInt(offset);
        it.maxTableEntries = maxTableEntries;
      },
    );
    isMoved = !isRoom;
  } finally {
    if (!isRoom) table.endMove(isMoved);
  }
  const grown: DynamicHeader = { ...header, tableOffset: BigInt(offset), maxTableEntries };
  const metadata = metadataOf(medium.file, image.footer, grown);
  layer.become({ ...image, header: grown, metadata });
}

/** Whether nothing is where a table of so many entries would be in its place. */
async function hasRoom({ layer, blanks }: ChainTop, entries: number): Promise<boolean> {
  const { table, image, medium } = layer;
  const end = table.offset + Math.ceil(entries * 4 / SECTOR_LENGTH) * SECTOR_LENGTH;
  if (end > blanks.firstBlock) return false;
  const isFree = image.metadata.every(({ offset, length }) =>
    offset === table.offset || offset >= end || offset + length <= table.offset
  );
  if (!isFree) return false;
  const octets = new Uint8Array(PIECE_LENGTH);
  let at = table.offset + Math.max(image.header.maxTableEntries, table.blockCount) * 4;
  for (; at < end; at += octets.length) {
    const length = Math.min(octets.length, end - at);
    await medium.read(at, octets, 0, length);
    // Some keep things there that they alone know.
    if (!octets.subarray(0, length).every((octet) => octet === 0 || octet === 0xff)) return false;
  }
  return true;
}

/** What the file has of a block behind the disk's end becomes zeros: it is about to be seen. */
async function clearBehind({ layer }: ChainTop, block: number, size: number): Promise<void> {
  if (!layer.has(block)) return;
  const { medium, shape } = layer;
  const length = (block + 1) * shape.blockLength - size;
  await medium.clear(layer.position(size), length, medium.file.punches);
}

/** The new size is in both footers, and the device has it. */
async function tellSize({ layer, map, blanks }: ChainTop, size: number): Promise<void> {
  const { medium, image } = layer;
  const footer = grownFooter(image.footer, size);
  try {
    blanks.endWith(footer);
    await medium.sync();
    medium.file.writeSync(0, emitFooter(footer), 0, FOOTER_LENGTH);
  } catch (error) {
    blanks.endWith(image.footer);
    throw error;
  }
  await medium.sync();
  layer.become({ ...image, footer, size });
  map.grow();
}
