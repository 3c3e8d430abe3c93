/**
 * The receive side of a connection: octets are read into `space()`, whole frames are taken from
 * `start`. It owns a small buffer while idle; `require` borrows a large one from the pool for a
 * frame that does not fit, and `rest` gives it back, so that an idle connection costs little.
 */
import type { Buffer, BufferPool } from "./buffer_pool.ts";
import { makeBuffer } from "./buffer_pool.ts";

const NOTHING = new Uint8Array(0);

export class Inbox {
  octets: Uint8Array;
  view: DataView;
  /** Where the octets not yet taken begin. */
  start = 0;
  /** Where they end. */
  end = 0;
  /** False: what does not fit gets a buffer of its own, no longer than it needs. */
  borrows = true;
  readonly #small: Buffer;
  readonly #pool: BufferPool;
  #large: Buffer | undefined;
  #isBorrowed = false;
  /** Octets of the frame at `start`, as far as `require` told. */
  #required = 0;
  /** A read into `space()` is under way: nothing may move. */
  #isLent = false;
  /** Where the next octets go instead, and how many of them are still to come. */
  #aside: Uint8Array = NOTHING;

  constructor(smallLength: number, pool: BufferPool) {
    this.#small = makeBuffer(smallLength);
    this.#pool = pool;
    this.octets = this.#small.octets;
    this.view = this.#small.view;
  }

  /** Octets received and not yet taken. */
  get available(): number {
    return this.end - this.start;
  }

  /**
   * Where the next octets are to be received; never empty while frames are taken as they complete.
   */
  space(): Uint8Array {
    if (this.#aside.length > 0) return this.#aside;
    if (this.start === this.end) this.start = this.end = 0;
    else if (this.end === this.octets.length) this.#compact();
    this.#isLent = true;
    return this.octets.subarray(this.end);
  }

  /** `count` octets have been received into `space()`. */
  fill(count: number): void {
    if (this.#aside.length > 0) {
      this.#aside = this.#aside.subarray(count);
      return;
    }
    this.#isLent = false;
    this.end += count;
  }

  /**
   * The octets that come next are received straight into `into`, all of it; nothing may be left to
   * take. So a long payload gets where it belongs without being copied.
   */
  divert(into: Uint8Array): void {
    if (this.available > 0) throw new Error("octets that came before would be overtaken");
    this.#aside = into;
  }

  /** Octets that are still to be received elsewhere. */
  get diverted(): number {
    return this.#aside.length;
  }

  /** The first `count` octets have been dealt with. */
  take(count: number): void {
    this.#required = 0;
    this.start += count;
  }

  /** Makes room for a frame of `length` octets from `start` on. */
  require(length: number): void {
    this.#required = length;
    if (this.start + length <= this.octets.length) return;
    if (length <= this.octets.length) return this.#compact();
    if (this.borrows) this.expectMore();
    else this.#moveTo(this.#large = makeBuffer(length));
    if (length > this.octets.length) {
      throw new RangeError(`a frame of ${length} octets is too long`);
    }
  }

  /** Borrows the large buffer ahead of need: more octets are surely coming. */
  expectMore(): void {
    if (this.#isBorrowed) return;
    this.#requireStill();
    this.#isBorrowed = true;
    this.#moveTo(this.#large = this.#pool.take());
  }

  /** Goes back to the small buffer if what is left fits, and what is still to come of its frame. */
  rest(): void {
    const needed = Math.max(this.available, this.#required);
    if (this.#large === undefined || needed > this.#small.octets.length) return;
    const large = this.#large;
    this.#large = undefined;
    this.#moveTo(this.#small);
    if (this.#isBorrowed) this.#pool.give(large);
    this.#isBorrowed = false;
  }

  get isLarge(): boolean {
    return this.#large !== undefined;
  }

  /** Octets that it holds at rest. */
  get smallLength(): number {
    return this.#small.octets.length;
  }

  /** Gives everything back; the connection is gone. */
  close(): void {
    this.start = this.end = this.#required = 0;
    this.#isLent = false;
    this.#aside = NOTHING;
    this.rest();
  }

  #compact(): void {
    this.#requireStill();
    this.octets.copyWithin(0, this.start, this.end);
    this.end -= this.start;
    this.start = 0;
  }

  #moveTo(buffer: Buffer): void {
    this.#requireStill();
    buffer.octets.set(this.octets.subarray(this.start, this.end));
    this.end -= this.start;
    this.start = 0;
    this.octets = buffer.octets;
    this.view = buffer.view;
  }

  #requireStill(): void {
    if (this.#isLent) throw new Error("the inbox moves while a read into it is under way");
  }
}
