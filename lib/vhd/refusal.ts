/** Why an image is not served, and how to make one of it that is. */
import type { ForeignFormat } from "./foreign_format.ts";

const FIXED_OUTPUT = "-O vpc -o subformat=fixed,force_size=on";

/** The refusal of an image that is no VHD. */
export function refusalOfForeign(format: ForeignFormat, path: string): string {
  const files = `${quoted(path)} ${quoted(output(path))}`;
  return `it is a ${format.name} image, and only VHDs and raw images are served; ` +
    `convert it: qemu-img convert -f ${format.qemu} ${FIXED_OUTPUT} ${files}`;
}

/** The path with its extension, if any, changed. */
function output(path: string): string {
  return `${path.replace(/\.[^./]+$/, "")}.fixed.vhd`;
}

/** As a POSIX shell wants it. */
function quoted(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}
