/**
 * A block device claimed for this process: nobody mounts it meanwhile, or claims it too. open(2)
 * does that with O_EXCL, which Deno takes for the making of a new file.
 */
const NAMES = ["libc.so.6", `libc.musl-${Deno.build.arch}.so.1`];

const SYMBOLS = {
  open: { parameters: ["buffer", "i32"], result: "i32" },
  close: { parameters: ["i32"], result: "i32" },
} as const;

const O_EXCL = 0o200;
const O_CLOEXEC = 0o2000000;

/** Lets go of it. */
export type Release = () => void;

/**
 * "in-use": it is mounted, or somebody else has claimed it. Undefined: nothing can be claimed here,
 * the C library being out of reach.
 */
export function claimBlockDevice(path: string): Release | "in-use" | undefined {
  if (Deno.build.os !== "linux") return undefined;
  if (Deno.permissions.querySync({ name: "ffi" }).state !== "granted") return undefined;
  for (const name of NAMES) {
    try {
      const library = Deno.dlopen(name, SYMBOLS);
      const { open, close } = library.symbols;
      // Read-only (0): whether it can be written is found out elsewhere.
      const fd = open(new TextEncoder().encode(`${path}\0`), O_EXCL | O_CLOEXEC);
      if (fd >= 0) return () => (close(fd), library.close());
      library.close();
      return "in-use";
    } catch (error) {
      // Another C library: the next name, else none.
      if (!(error instanceof Error)) throw error;
    }
  }
  return undefined;
}
