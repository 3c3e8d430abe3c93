/** Reads a file of the kernel's through the C library, where Deno's own calls may not. */
const NAMES = ["libc.so.6", `libc.musl-${Deno.build.arch}.so.1`];

const SYMBOLS = {
  open: { parameters: ["buffer", "i32"], result: "i32" },
  read: { parameters: ["i32", "buffer", "usize"], result: "isize" },
  close: { parameters: ["i32"], result: "i32" },
} as const;

/** Octets of such a file. */
const MOST_OCTETS = 4096;

/** The text of the file; undefined where it or the C library cannot be reached. */
export function readSmallFile(path: string): string | undefined {
  if (Deno.permissions.querySync({ name: "ffi" }).state !== "granted") return undefined;
  for (const name of NAMES) {
    try {
      const library = Deno.dlopen(name, SYMBOLS);
      try {
        return readWith(library.symbols, path);
      } finally {
        library.close();
      }
    } catch (error) {
      // Another C library: the next name, else none.
      if (!(error instanceof Error)) throw error;
    }
  }
  return undefined;
}

function readWith(
  symbols: Deno.DynamicLibrary<typeof SYMBOLS>["symbols"],
  path: string,
): string | undefined {
  const fd = symbols.open(new TextEncoder().encode(`${path}\0`), 0);
  if (fd < 0) return undefined;
  try {
    const octets = new Uint8Array(MOST_OCTETS);
    const count = Number(symbols.read(fd, octets, BigInt(octets.length)));
    return count < 0 ? undefined : new TextDecoder().decode(octets.subarray(0, count));
  } finally {
    symbols.close(fd);
  }
}
