/** Which programs have a device open, as /proc tells root; nothing where it tells nobody. */

/** Helpers of the system, which look at every device and let go of it by themselves. */
const PASSING = /udevd|udev-worker|^nbd-client$|^blkid$/;

/** `dd (4711)`. */
export async function openersOf(path: string): Promise<string[]> {
  const openers: string[] = [];
  for (const pid of await entries("/proc")) {
    if (!/^\d+$/.test(pid) || !await hasOpen(pid, path)) continue;
    const name = (await text(`/proc/${pid}/comm`)).trim();
    if (name !== "" && !PASSING.test(name)) openers.push(`${name} (${pid})`);
  }
  return openers;
}

async function hasOpen(pid: string, path: string): Promise<boolean> {
  for (const fd of await entries(`/proc/${pid}/fd`)) {
    const target = await orElse("", () => Deno.readLink(`/proc/${pid}/fd/${fd}`));
    // Of its partitions too.
    if (target === path || (target.startsWith(path) && /^p\d+$/.test(target.slice(path.length)))) {
      return true;
    }
  }
  return false;
}

async function entries(path: string): Promise<string[]> {
  return await orElse([], async () => {
    const names: string[] = [];
    for await (const { name } of Deno.readDir(path)) names.push(name);
    return names;
  });
}

async function text(path: string): Promise<string> {
  return await orElse("", () => Deno.readTextFile(path));
}

/** Processes come and go. */
async function orElse<T>(otherwise: T, look: () => Promise<T>): Promise<T> {
  try {
    return await look();
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return otherwise;
    if (error instanceof Deno.errors.NotCapable) return otherwise;
    if (error instanceof Deno.errors.PermissionDenied) return otherwise;
    if (error instanceof Error && "code" in error && error.code === "ESRCH") return otherwise;
    throw error;
  }
}
