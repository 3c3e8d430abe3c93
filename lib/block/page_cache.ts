/**
 * Reads that only the page cache answers: preadv2 with RWF_NOWAIT, which never waits for a medium.
 */
import { type Libc, libc } from "../runtime/libc.ts";
import { wide } from "../runtime/wide.ts";

/** preadv2(2): EAGAIN rather than wait. */
const RWF_NOWAIT = 0x08;

/** More in one call is left to the asynchronous way. */
const MOST_OCTETS = 1 << 30;

export class PageCache {
  readonly #preadv2: NonNullable<Libc["preadv2"]>;
  /** One `struct iovec`: the address and the length, each as two halves, the lower one first. */
  readonly #iovec = new Uint32Array(4);
  readonly #iovecPointer = Deno.UnsafePointer.of(this.#iovec);
  /** Where each buffer lies: they do not move, and asking costs more than looking it up. */
  readonly #addresses = new WeakMap<ArrayBufferLike, number>();

  private constructor(preadv2: NonNullable<Libc["preadv2"]>) {
    this.#preadv2 = preadv2;
  }

  /** The page cache, where it can be asked. */
  static open(): PageCache | undefined {
    const preadv2 = libc()?.preadv2;
    return preadv2 ? new PageCache(preadv2) : undefined;
  }

  /**
   * Reads the whole range if all of it is cached. False: it is not, or the file system cannot say,
   * or the read failed; a plain read tells which. The caller has made sure that the buffer has the
   * room.
   */
  read(fd: number, position: number, into: Uint8Array, at: number, length: number): boolean {
    if (length > MOST_OCTETS) return false;
    const address = this.#address(into.buffer) + into.byteOffset + at;
    this.#iovec[0] = address % 0x1_0000_0000;
    this.#iovec[1] = address / 0x1_0000_0000;
    this.#iovec[2] = length;
    return this.#preadv2(fd, this.#iovecPointer, 1, wide(position), RWF_NOWAIT) === length;
  }

  #address(buffer: ArrayBufferLike): number {
    let address = this.#addresses.get(buffer);
    if (address === undefined) {
      address = Number(Deno.UnsafePointer.value(Deno.UnsafePointer.of(buffer as ArrayBuffer)));
      this.#addresses.set(buffer, address);
    }
    return address;
  }
}
