/** Opens VHDs as devices. */
import { FileDevice, type FileDeviceOptions, type FileRegion } from "../block/file.ts";
import type { PositionalFile } from "../block/positional_file.ts";
import { findFooter, type FoundFooter } from "./find_footer.ts";
import type { Footer } from "./footer.ts";
import { FormatError } from "./format_error.ts";
import { flawOfSize } from "./geometry.ts";
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
  let found: FoundFooter | undefined;
  const device = await FileDevice.open(path, {
    ...options,
    locate: (file) => {
      found = footerOf(file);
      return fixedRegion(found, path);
    },
  });
  return { device, footer: found!.footer };
}

function footerOf(file: PositionalFile): FoundFooter {
  const { path, length } = file;
  const read = (position: number, into: Uint8Array) =>
    file.readSync(position, into, 0, into.length);
  const found = findFooter({ path, length, read });
  if (found !== undefined) return found;
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
