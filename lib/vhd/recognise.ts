/** Says what a file is that shall become a disk, without changing or locking it. */
import { FileError } from "../block/file_error.ts";
import { openDiskFile } from "../block/open_disk_file.ts";
import { findFooter, type FoundFooter } from "./find_footer.ts";
import { DiskType, type Footer } from "./footer.ts";
import { foreignFormatOf } from "./foreign_format.ts";
import { FormatError } from "./format_error.ts";
import { validateGeometry } from "./geometry.ts";
import { refusalOfForeign } from "./refusal.ts";

export type ImageFormat = "fixed" | "dynamic" | "differencing" | "raw" | "foreign";

export interface RecognisedImage {
  readonly format: ImageFormat;
  /** For people: "fixed VHD", "qcow2". */
  readonly name: string;
  /** Octets of the disk; of the file, where that cannot be told. */
  readonly size: number;
  /** Of a VHD. */
  readonly footer?: Footer;
  /** Why it is not served, and what to do; undefined: it is. */
  readonly refusal?: string;
}

/** Octets that tell every foreign format. */
const HEAD_LENGTH = 512;

const VHD_FORMATS: Readonly<Record<DiskType, ImageFormat>> = {
  [DiskType.FIXED]: "fixed",
  [DiskType.DYNAMIC]: "dynamic",
  [DiskType.DIFFERENCING]: "differencing",
};

/** Fails with a FormatError for a damaged VHD, and with a FileError for what cannot be read. */
export async function recogniseImage(path: string): Promise<RecognisedImage> {
  using handle = await openDiskFile(path, false);
  const length = handle.seekSync(0, Deno.SeekMode.End);
  const read = (position: number, into: Uint8Array) => readExactly(handle, path, position, into);
  const found = findFooter({ path, length, read });
  // First by the end: what a fixed disk begins with is its guest's choice.
  if (found !== undefined) return recognisedVhd(found, path);
  const head = new Uint8Array(Math.min(HEAD_LENGTH, length));
  read(0, head);
  const foreign = foreignFormatOf(head);
  if (foreign !== undefined) {
    const refusal = refusalOfForeign(foreign, path);
    return { format: "foreign", name: foreign.name, size: length, refusal };
  }
  const raw = { format: "raw", name: "raw image", size: length } as const;
  return length > 0 ? raw : { ...raw, refusal: "it is empty" };
}

function recognisedVhd({ footer, at }: FoundFooter, path: string): RecognisedImage {
  const fixed = footer.diskType === DiskType.FIXED;
  const size = { currentSize: footer.currentSize, ...(fixed ? { room: at } : {}) };
  const flaw = validateGeometry(size);
  if (flaw !== undefined) throw new FormatError(flaw, { path, at });
  const format = VHD_FORMATS[footer.diskType];
  return { format, name: `${format} VHD`, size: Number(footer.currentSize), footer };
}

function readExactly(
  handle: Deno.FsFile,
  path: string,
  position: number,
  into: Uint8Array,
): void {
  handle.seekSync(position, Deno.SeekMode.Start);
  for (let done = 0; done < into.length;) {
    const count = handle.readSync(into.subarray(done));
    if (count === null) {
      throw new FileError("unsuitable", `cannot read ${path}: it has become shorter`, { path });
    }
    done += count;
  }
}
