/** Opens VHDs as devices. */
import { FileDevice, type FileDeviceOptions, type FileRegion } from "../block/file.ts";
import { OsFile } from "../block/os_file.ts";
import type { PositionalFile } from "../block/positional_file.ts";
import { findFooter, type FoundFooter, readable } from "./find_footer.ts";
import { type Footer, FOOTER_LENGTH } from "./footer.ts";
import { FormatError } from "./format_error.ts";
import { flawOfSize } from "./geometry.ts";
import { growFixed, settleFixed } from "./grow_fixed.ts";
import { refusalOfType } from "./refusal.ts";

export type OpenVhdOptions = Pick<FileDeviceOptions, "readOnly" | "sparse" | "ffi" | "clock">;

export interface OpenedVhd {
  readonly device: FileDevice;
  readonly footer: Footer;
}

/**
 * Opens a fixed VHD. Everything is checked, under the file's lock, before any of it is trusted;
 * fails with a FormatError for what is damaged or not served, with a FileError for what cannot be
 * opened.
 */
export async function openVhd(path: string, options: OpenVhdOptions = {}): Promise<OpenedVhd> {
  const file = await OsFile.open(path, options);
  try {
    return await openFixed(file, options);
  } catch (error) {
    file.close();
    throw error;
  }
}

/** The fixed disk in a file, which it takes over. */
export async function openFixed(
  file: PositionalFile,
  options: Pick<FileDeviceOptions, "sparse" | "clock"> = {},
): Promise<OpenedVhd> {
  const found = footerOf(file);
  const { footer, at } = found;
  const region = fixedRegion(found, file.path);
  // Other readers look for it at the end alone.
  const isStranded = at + FOOTER_LENGTH < file.length;
  if (isStranded && file.writable) await settleFixed({ file, sync: () => file.sync() }, footer);
  return { device: new FileDevice(file, region, { ...options, growth: growFixed }), footer };
}

function footerOf(file: PositionalFile): FoundFooter {
  const found = findFooter(readable(file));
  if (found !== undefined) return found;
  const { path, length } = file;
  throw new FormatError("no VHD: there is no footer at its end; is it a raw image (file:…)?", {
    path,
    at: Math.max(0, length - 512),
  });
}

function fixedRegion({ footer, at }: FoundFooter, path: string): FileRegion {
  const refusal = refusalOfType(footer.diskType, path);
  if (refusal !== undefined) throw new FormatError(refusal, { path, at });
  const flaw = flawOfSize({ currentSize: footer.currentSize, room: at });
  if (flaw !== undefined) throw new FormatError(flaw, { path, at });
  return { offset: 0, size: Number(footer.currentSize) };
}
