/** Makes VHDs. */
import { FileError } from "../block/file_error.ts";
import { type AllocateOptions, NewFile } from "../block/new_file.ts";
import { fixedFooter, type FixedFooterOptions } from "./fixed.ts";
import { emitFooter, type Footer, FOOTER_LENGTH } from "./footer.ts";
import { flawOfSize } from "./geometry.ts";

export interface CreateFixedVhdOptions extends FixedFooterOptions, AllocateOptions {
  /** Capacity in octets, a multiple of 512. */
  readonly size: number;
  /** Space is taken as it is written, instead of set aside now. */
  readonly sparse?: boolean;
}

/**
 * Makes a fixed VHD of zeros, which is under its name whole or not at all, and answers its footer.
 * An existing file is refused.
 */
export async function createFixedVhd(
  path: string,
  options: CreateFixedVhdOptions,
): Promise<Footer> {
  const { size } = options;
  const flaw = Number.isInteger(size)
    ? flawOfSize({ currentSize: BigInt(size) })
    : `${size} is no number of octets`;
  if (flaw !== undefined) {
    throw new FileError("unsuitable", `cannot create ${path}: ${flaw}`, { path });
  }
  const footer = fixedFooter(size, options);
  const file = await NewFile.create(path);
  try {
    if (options.sparse) await file.extend(size + FOOTER_LENGTH);
    else await file.allocate(size + FOOTER_LENGTH, options);
    await file.write(size, emitFooter(footer));
    options.signal?.throwIfAborted();
    await file.commit();
  } catch (error) {
    await file.abandon();
    throw error;
  }
  return footer;
}
