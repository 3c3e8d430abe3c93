/**
 * Makes a fixed VHD larger, whose footer must move to the new end. At every moment, and after a
 * crash at any, a footer that is found tells the old size or the new one: see README.md, "Fixed
 * disks that grow".
 */
import { FileError } from "../block/file_error.ts";
import type { FileMedium } from "../block/file_medium.ts";
import { cutBack, type FileGrowth, reserveSpace, writeZeros } from "../block/grow_file.ts";
import { findFooter, readable } from "./find_footer.ts";
import { emitFooter, type Footer, FOOTER_LENGTH } from "./footer.ts";
import { validateGeometry } from "./geometry.ts";
import { grownFooter } from "./grown_footer.ts";
import { LONGEST_STRIDE } from "./stranded_footer.ts";

const NO_FOOTER = new Uint8Array(FOOTER_LENGTH);

/** How the file of a fixed disk grows. */
export const growFixed: FileGrowth = async (medium, _region, size, options) => {
  const { file } = medium;
  const flaw = validateGeometry({ currentSize: BigInt(size) });
  if (flaw !== undefined) {
    const { path } = file;
    throw new FileError("unsuitable", `cannot extend ${path}: ${flaw}`, { path });
  }
  const { footer } = findFooter(readable(file))!;
  const [before, end] = [Number(footer.currentSize), size + FOOTER_LENGTH];
  await settleFixed(medium, footer);
  try {
    const isReserved = await reserveSpace(file, end, options);
    const left = await stretch(medium, footer, end);
    // What is added to a disk reads as zeros.
    if (isReserved) { for (const at of left) file.writeSync(at, NO_FOOTER, 0, FOOTER_LENGTH); }
    else await writeZeros(medium, before, size, options);
    await medium.sync();
    await options.ready?.();
    options.signal?.throwIfAborted();
  } catch (error) {
    await settleFixed(medium, footer);
    await cutBack(file, before + FOOTER_LENGTH);
    throw error;
  }
  // One sector: the footer that ends the file is the old one or this.
  file.writeSync(size, emitFooter(grownFooter(footer, size)), 0, FOOTER_LENGTH);
  await medium.sync();
};

/**
 * Brings the file to what a fixed disk is: its data, its footer, and nothing behind. What a growth
 * that was cut off has left goes.
 */
export async function settleFixed(
  medium: Pick<FileMedium, "file" | "sync">,
  footer: Footer,
): Promise<void> {
  const { file } = medium;
  const at = Number(footer.currentSize);
  const end = at + FOOTER_LENGTH;
  if (file.length === end && findFooter(readable(file))?.at === at) return;
  if (file.length < end) await file.resize(end); // a footer of 511 octets
  file.writeSync(at, emitFooter(footer), 0, FOOTER_LENGTH);
  await medium.sync();
  if (file.length === end) return;
  await file.resize(end);
  await medium.sync();
}

/**
 * Makes the file `end` octets long, in strides of powers of two, each of which ends with the
 * present footer: where that is lost, the one before it is found. Answers where footers are left
 * that are no longer at the end.
 */
async function stretch(medium: FileMedium, present: Footer, end: number): Promise<number[]> {
  const { file } = medium;
  const octets = emitFooter(present);
  const left: number[] = [];
  while (file.length < end) {
    left.push(file.length - FOOTER_LENGTH);
    await file.resize(file.length + strideWithin(end - file.length));
    file.writeSync(file.length - FOOTER_LENGTH, octets, 0, FOOTER_LENGTH);
    await medium.sync();
  }
  return left;
}

/** The longest stride of at most so many octets. */
function strideWithin(octets: number): number {
  let stride = LONGEST_STRIDE;
  while (stride > octets) stride /= 2;
  return stride;
}
