/**
 * What the kernel has put on a file or a block device: partitions, loop devices, mappings, and
 * where file systems on any of them are mounted. As /sys, /proc/self/mountinfo and /proc/swaps tell
 * it; where those may not be read, nothing is known.
 */

export interface Stack {
  /** Names of block devices that stand on others, those on top last: `loop0`, `dm-1`. */
  readonly above: readonly string[];
  /** Where something is mounted, in the order in which that was done. */
  readonly mounts: readonly string[];
  /** Devices that are swapped to. */
  readonly swaps: readonly string[];
}

const CLASS = "/sys/class/block";

export function isFree({ above, mounts, swaps }: Stack): boolean {
  return above.length + mounts.length + swaps.length === 0;
}

/** `path` is a file, or a device such as `/dev/nbd0`. */
export function stackOn(path: string): Stack {
  const own = path.startsWith("/dev/") ? [path.slice("/dev/".length)] : [];
  const partitions = own.flatMap(partitionsOf);
  const devices = [...own, ...partitions];
  const above = loopsOn(path);
  // Each may have others on it; what is found is looked at in its turn.
  const seen = [...devices, ...above];
  for (let at = 0; at < seen.length; at++) {
    const name = seen[at]!;
    const standing = [...entries(`${CLASS}/${name}/holders`), ...loopsOn(`/dev/${name}`)];
    const more = devices.includes(name) ? standing : [...standing, ...partitionsOf(name)];
    for (const each of more) {
      if (seen.includes(each)) continue;
      seen.push(each);
      above.push(each);
    }
  }
  return { above: above.filter(isWhole), mounts: mountsOf(seen), swaps: swapsOn(seen) };
}

/** Whether the path is `base` itself, a device that stands on it, or on a file system there. */
export function liesOn(path: string, base: string): boolean {
  const { above, mounts } = stackOn(base);
  const devices = [base, ...above.map((name) => `/dev/${name}`)];
  return devices.some((device) => path === device || isPartition(path, device)) ||
    mounts.some((mount) => path === mount || path.startsWith(`${mount}/`));
}

function isPartition(path: string, device: string): boolean {
  return path.startsWith(device) && /^p?\d+$/.test(path.slice(device.length));
}

/** Not a partition, which goes with what it is a part of. */
function isWhole(name: string): boolean {
  return text(`${CLASS}/${name}/partition`) === "";
}

function partitionsOf(name: string): string[] {
  return entries(`${CLASS}/${name}`).filter((each) =>
    each.startsWith(name) && text(`${CLASS}/${each}/partition`) !== ""
  );
}

function loopsOn(path: string): string[] {
  return entries(CLASS).filter((name) =>
    name.startsWith("loop") && text(`${CLASS}/${name}/loop/backing_file`).trimEnd() === path
  );
}

/** proc_pid_mountinfo(5): the device is the third field, and its name the second behind the `-`. */
function mountsOf(names: readonly string[]): string[] {
  const numbers = new Set(names.map((name) => text(`${CLASS}/${name}/dev`).trim()));
  const sources = new Set(names.map((name) => `/dev/${name}`));
  return lines("/proc/self/mountinfo").flatMap((line) => {
    const [place = "", source = ""] = line.split(" - ");
    const [, , number = "", , mountPoint = ""] = place.split(" ");
    const isOne = numbers.has(number) || sources.has(source.split(" ")[1] ?? "");
    return isOne ? [unescaped(mountPoint)] : [];
  });
}

function swapsOn(names: readonly string[]): string[] {
  const swaps = lines("/proc/swaps").map((line) => unescaped(line.split(/\s/)[0]!));
  return swaps.filter((swap) => names.includes(swap.replace(/^\/dev\//, "")));
}

/** Spaces and the like stand as three octal digits behind a backslash. */
function unescaped(field: string): string {
  return field.replace(/\\([0-7]{3})/g, (_, octal) => String.fromCharCode(parseInt(octal, 8)));
}

function lines(path: string): string[] {
  return text(path).split("\n").filter((line) => line !== "");
}

/** The text of a file of the kernel's; nothing where it has none of that name. */
function text(path: string): string {
  return orElse("", () => Deno.readTextFileSync(path));
}

function entries(path: string): string[] {
  return orElse([], () => [...Deno.readDirSync(path)].map(({ name }) => name));
}

function orElse<T>(otherwise: T, look: () => T): T {
  try {
    return look();
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return otherwise;
    if (error instanceof Deno.errors.NotADirectory) return otherwise;
    if (error instanceof Deno.errors.NotCapable) return otherwise;
    if (error instanceof Deno.errors.PermissionDenied) return otherwise;
    // A device that went meanwhile.
    if (error instanceof Error && "code" in error && error.code === "ENODEV") return otherwise;
    throw error;
  }
}
