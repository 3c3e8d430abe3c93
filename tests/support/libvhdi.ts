/** libvhdi, a reader of VHDs that we did not write: the library itself, on a disk and its parents. */
import assert from "node:assert/strict";

const SYMBOLS = {
  libvhdi_file_initialize: { parameters: ["buffer", "pointer"], result: "i32" },
  libvhdi_file_open: { parameters: ["pointer", "buffer", "i32", "buffer"], result: "i32" },
  libvhdi_file_set_parent_file: { parameters: ["pointer", "pointer", "buffer"], result: "i32" },
  libvhdi_file_get_media_size: { parameters: ["pointer", "buffer", "pointer"], result: "i32" },
  libvhdi_file_read_buffer_at_offset: {
    parameters: ["pointer", "buffer", "usize", "i64", "buffer"],
    result: "isize",
  },
  libvhdi_file_close: { parameters: ["pointer", "pointer"], result: "i32" },
  libvhdi_file_free: { parameters: ["buffer", "pointer"], result: "i32" },
  libvhdi_error_sprint: { parameters: ["pointer", "buffer", "usize"], result: "i32" },
} as const;

export const LIBVHDI = "libvhdi.so.1";
const OPEN_READ = 1;
/**
 * Octets that are read at once. Of a child with blocks of less than 2 MiB, 20210425 reads the
 * parent's octets in place of the child's where one read goes over several blocks.
 */
const PIECE_LENGTH = 4096;

/** A place for a pointer, which a function of the library fills in. */
class Out {
  readonly octets = new BigUint64Array(1);

  get pointer(): Deno.PointerValue {
    return Deno.UnsafePointer.create(this.octets[0]!);
  }
}

export class LibvhdiDisk {
  readonly size: number;
  readonly #library: Deno.DynamicLibrary<typeof SYMBOLS>;
  /** From the top down; each reads through to the next. */
  readonly #files: readonly Out[];

  /** Opens a disk over its parents, whose files are given from the nearest one on. */
  constructor(path: string, parents: readonly string[] = []) {
    this.#library = Deno.dlopen(LIBVHDI, SYMBOLS);
    this.#files = [path, ...parents].map((each) => this.#open(each));
    const { symbols } = this.#library;
    for (let at = this.#files.length - 1; at > 0; at--) {
      const [file, parent] = [this.#files[at - 1]!.pointer, this.#files[at]!.pointer];
      this.#done((error) => symbols.libvhdi_file_set_parent_file(file, parent, error));
    }
    const size = new BigUint64Array(1);
    assert.equal(symbols.libvhdi_file_get_media_size(this.#top, bytesOf(size), null), 1);
    this.size = Number(size[0]);
  }

  read(offset: number, into: Uint8Array<ArrayBuffer>): void {
    const { symbols } = this.#library;
    for (let done = 0; done < into.length;) {
      const part = into.subarray(done, done + PIECE_LENGTH - (offset + done) % PIECE_LENGTH);
      const at = BigInt(offset + done);
      const count = this.#done((error) =>
        Number(
          symbols.libvhdi_file_read_buffer_at_offset(
            this.#top,
            part,
            BigInt(part.length),
            at,
            error,
          ),
        )
      );
      assert.ok(count > 0, `libvhdi reads nothing at ${at}`);
      done += count;
    }
  }

  close(): void {
    const { symbols } = this.#library;
    for (const file of this.#files) {
      symbols.libvhdi_file_close(file.pointer, null);
      symbols.libvhdi_file_free(bytesOf(file.octets), null);
    }
    this.#library.close();
  }

  get #top(): Deno.PointerValue {
    return this.#files[0]!.pointer;
  }

  #open(path: string): Out {
    const { symbols } = this.#library;
    const file = new Out();
    assert.equal(symbols.libvhdi_file_initialize(bytesOf(file.octets), null), 1);
    const name = new TextEncoder().encode(`${path}\0`);
    this.#done((error) => symbols.libvhdi_file_open(file.pointer, name, OPEN_READ, error));
    return file;
  }

  /** Answers what the function does, unless that is a failure. */
  #done(call: (error: Uint8Array<ArrayBuffer>) => number): number {
    const error = new Out();
    const result = call(bytesOf(error.octets));
    if (result >= 0 && error.pointer === null) return result;
    const text = new Uint8Array(1024);
    this.#library.symbols.libvhdi_error_sprint(error.pointer, text, BigInt(text.length));
    throw new Error(`libvhdi: ${new TextDecoder().decode(text).replace(/\0.*/s, "")}`);
  }
}

function bytesOf(words: BigUint64Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  return new Uint8Array(words.buffer);
}
