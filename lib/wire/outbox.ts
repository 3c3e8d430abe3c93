/**
 * The send side of a connection: PDUs are laid out one behind the other and leave in one write.
 * While one buffer is being written (it must not change until then) the next fills another, so the
 * two overlap. An empty outbox owns nothing.
 */
import type { Buffer, BufferPool } from "./buffer_pool.ts";

const EMPTY = new Uint8Array(0);
const NOTHING = new DataView(new ArrayBuffer(0));

export class Outbox {
  octets: Uint8Array = EMPTY;
  view: DataView = NOTHING;
  /** Octets laid out and not yet drained. */
  length = 0;
  readonly #pool: BufferPool;
  #filling: Buffer | undefined;
  #draining: Buffer | undefined;

  constructor(pool: BufferPool) {
    this.#pool = pool;
  }

  /** Octets that can still be reserved. To ask borrows nothing: idle connections own no buffer. */
  get room(): number {
    if (this.#filling === undefined) return this.#pool.nextLength;
    return this.octets.length - this.length;
  }

  /** Lays out `length` octets, the first `zeroed` of them cleared, and answers where they begin. */
  reserve(length: number, zeroed: number): number {
    if (this.#filling === undefined) this.#borrow();
    const base = this.length;
    if (base + length > this.octets.length) throw new RangeError("the outbox is full");
    this.octets.fill(0, base, base + zeroed);
    this.length = base + length;
    return base;
  }

  /** Takes back everything from `base` on, which was reserved last. */
  rewind(base: number): void {
    this.length = base;
  }

  /** True from `drain` until `drained`. */
  get isDraining(): boolean {
    return this.#draining !== undefined;
  }

  /** Hands over what is laid out; it must be left alone until `drained`. */
  drain(): Uint8Array {
    const octets = this.octets.subarray(0, this.length);
    this.#draining = this.#filling;
    this.#filling = undefined;
    this.octets = EMPTY;
    this.view = NOTHING;
    this.length = 0;
    return octets;
  }

  /** What `drain` handed over has been written. */
  drained(): void {
    if (this.#draining !== undefined) this.#pool.give(this.#draining);
    this.#draining = undefined;
  }

  /** Gives everything back; the connection is gone. */
  close(): void {
    this.drained();
    this.drain();
    this.drained();
  }

  #borrow(): void {
    this.#filling = this.#pool.take();
    this.octets = this.#filling.octets;
    this.view = this.#filling.view;
    this.length = 0;
  }
}
