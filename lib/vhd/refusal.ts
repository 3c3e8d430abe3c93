/** Why an image is not served, and how to make one of it that is. */
import { DiskType } from "./footer.ts";
import type { ForeignFormat } from "./foreign_format.ts";

const FIXED_OUTPUT = "-O vpc -o subformat=fixed,force_size=on";

/** Undefined: a VHD of this type is served. */
export function refusalOfType(diskType: DiskType, path: string): string | undefined {
  if (diskType === DiskType.FIXED) return undefined;
  if (diskType === DiskType.DYNAMIC) {
    // By the footer's size: by the geometry, as for most creators, the last sectors would be lost.
    const source = `driver=vpc,force_size_calc=current_size,file.filename=${commaDoubled(path)}`;
    return "it is a dynamic VHD, and only fixed ones are served; convert it: " +
      `qemu-img convert --image-opts ${quoted(source)} ${FIXED_OUTPUT} ${quoted(output(path))}`;
  }
  // qemu-img opens the child alone, without a word: what only its parent has becomes zeros.
  return "it is a differencing VHD, and only fixed ones are served; merge it with its parent " +
    "where it was made (Hyper-V: Convert-VHD -VHDType Fixed), but not by qemu-img, which leaves " +
    "the parent's data out";
}

/** The refusal of an image that is no VHD. */
export function refusalOfForeign(format: ForeignFormat, path: string): string {
  const files = `${quoted(path)} ${quoted(output(path))}`;
  return `it is a ${format.name} image, and only fixed VHDs and raw images are served; ` +
    `convert it: qemu-img convert -f ${format.qemu} ${FIXED_OUTPUT} ${files}`;
}

/** The path with its extension, if any, changed. */
function output(path: string): string {
  return `${path.replace(/\.[^./]+$/, "")}.fixed.vhd`;
}

/** As qemu's key=value lists want it. */
function commaDoubled(text: string): string {
  return text.replaceAll(",", ",,");
}

/** As a POSIX shell wants it. */
function quoted(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}
