/**
 * What Deno has no call for, asked of the C library itself where the permission for foreign
 * functions is granted (it is never asked for). Nothing depends on it: without it the same is done
 * otherwise. Linux on 64-bit little-endian machines only, whose `off_t` and `size_t` are eight
 * octets.
 */

const NAMES = ["libc.so.6", `libc.musl-${Deno.build.arch}.so.1`];

// No length reaches 2^31 here: the lower half of an `ssize_t` says it all, without a BigInt.
const SYMBOLS = {
  preadv2: {
    parameters: ["i32", "pointer", "i32", "i64", "i32"],
    result: "i32",
    optional: true,
  },
  fallocate: {
    parameters: ["i32", "i32", "i64", "i64"],
    result: "i32",
    nonblocking: true,
    optional: true,
  },
  lseek: { parameters: ["i32", "i64", "i32"], result: "i64" },
  malloc_trim: { parameters: ["usize"], result: "i32", nonblocking: true, optional: true },
  socket: { parameters: ["i32", "i32", "i32"], result: "i32" },
  sendto: { parameters: ["i32", "buffer", "usize", "i32", "buffer", "u32"], result: "i32" },
  recv: { parameters: ["i32", "buffer", "usize", "i32"], result: "i32" },
  send: { parameters: ["i32", "buffer", "usize", "i32"], result: "i32" },
  getsockname: { parameters: ["i32", "buffer", "buffer"], result: "i32" },
  getpeername: { parameters: ["i32", "buffer", "buffer"], result: "i32" },
  close: { parameters: ["i32"], result: "i32" },
} as const;

/**
 * The functions by their manual pages; null: this C library has none of that name. `wide` makes the
 * 64-bit parameters.
 */
export interface Libc {
  readonly preadv2:
    | ((
      fd: number,
      iovec: Deno.PointerValue,
      count: number,
      offset: bigint,
      flags: number,
    ) => number)
    | null;
  readonly fallocate:
    | ((fd: number, mode: number, offset: bigint, length: bigint) => Promise<number>)
    | null;
  readonly lseek: (fd: number, offset: bigint, whence: number) => bigint;
  readonly malloc_trim: ((pad: bigint) => Promise<number>) | null;
  readonly socket: (domain: number, type: number, protocol: number) => number;
  readonly sendto: (
    fd: number,
    octets: Uint8Array<ArrayBuffer>,
    length: bigint,
    flags: number,
    address: Uint8Array<ArrayBuffer> | null,
    addressLength: number,
  ) => number;
  readonly recv: (
    fd: number,
    into: Uint8Array,
    length: bigint,
    flags: number,
  ) => number;
  readonly send: (
    fd: number,
    octets: Uint8Array,
    length: bigint,
    flags: number,
  ) => number;
  readonly getsockname: NameOfSocket;
  readonly getpeername: NameOfSocket;
  readonly close: (fd: number) => number;
}

/** Fills in a `struct sockaddr`; `length` is how long it may be, and then is. */
export type NameOfSocket = (
  fd: number,
  address: Uint8Array<ArrayBuffer>,
  length: Uint32Array<ArrayBuffer>,
) => number;

let loaded: Libc | undefined;
let tried = false;

/** The C library's functions; undefined where they may not or cannot be called. */
export function libc(): Libc | undefined {
  if (!tried) loaded = load();
  tried = true;
  return loaded;
}

function load(): Libc | undefined {
  if (Deno.build.os !== "linux") return undefined;
  if (Deno.permissions.querySync({ name: "ffi" }).state !== "granted") return undefined;
  for (const name of NAMES) {
    try {
      return Deno.dlopen(name, SYMBOLS).symbols as unknown as Libc;
    } catch (error) {
      // Another C library, or a symbol that this one lacks: the next name, else none.
      if (!(error instanceof Error)) throw error;
    }
  }
  return undefined;
}
