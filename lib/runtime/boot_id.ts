/**
 * Which start of the kernel this is: what was written since then is in the page cache or on the
 * medium, even if the process that wrote it is gone. Undefined where that cannot be known.
 */
import { readSmallFile } from "./libc_file.ts";

/** random(4): a UUID made anew at each start. */
const PATH = "/proc/sys/kernel/random/boot_id";

export function bootId(): string | undefined {
  if (Deno.build.os !== "linux") return undefined;
  return (readByDeno() ?? readSmallFile(PATH))?.trim();
}

/** Deno lets only a program that may do everything look into /proc. */
function readByDeno(): string | undefined {
  try {
    return Deno.readTextFileSync(PATH);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    if (error instanceof Deno.errors.NotCapable) return undefined;
    if (error instanceof Deno.errors.PermissionDenied) return undefined;
    throw error;
  }
}
