/**
 * Which start of the kernel this is: what was written since then is in the page cache or on the
 * medium, even if the process that wrote it is gone. Undefined where the system does not tell.
 */
export function bootId(): string | undefined {
  if (Deno.build.os !== "linux") return undefined;
  try {
    // random(4): a UUID made anew at each start.
    return Deno.readTextFileSync("/proc/sys/kernel/random/boot_id").trim();
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    if (error instanceof Deno.errors.PermissionDenied) return undefined;
    // Deno gives nothing below /proc to a program that may not do everything.
    if (error instanceof Deno.errors.NotCapable) return undefined;
    throw error;
  }
}
