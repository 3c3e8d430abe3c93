/**
 * An answer that may take several PDUs. Pairs are drawn only as they are sent, so that a long list
 * costs no more than a short one. A cut falls between pairs where it can, for readers who do not
 * join.
 */
import { emitKeyValues, type Pair } from "../wire/key_values.ts";

export class TextPieces {
  readonly #pairs: Iterator<Pair>;
  /** Laid out and not yet sent; empty when there is nothing more. */
  #next: Uint8Array;

  constructor(pairs: Iterable<Pair>) {
    this.#pairs = pairs[Symbol.iterator]();
    this.#next = this.#draw();
  }

  /** True when all has been taken. */
  get isDone(): boolean {
    return this.#next.length === 0;
  }

  /** The next piece, of at most `longest` octets; empty at the end. */
  take(longest: number): Uint8Array {
    const piece: Uint8Array[] = [];
    let length = 0;
    while (!this.isDone && length + this.#next.length <= longest) {
      length += this.#next.length;
      piece.push(this.#next);
      this.#next = this.#draw();
    }
    if (length === 0) {
      piece.push(this.#next.subarray(0, longest));
      this.#next = this.#next.subarray(longest);
      return piece[0]!;
    }
    return concatenate(piece, length);
  }

  #draw(): Uint8Array {
    const { done, value } = this.#pairs.next();
    return done ? new Uint8Array(0) : emitKeyValues([value]);
  }
}

function concatenate(pieces: readonly Uint8Array[], length: number): Uint8Array {
  const whole = new Uint8Array(length);
  let at = 0;
  for (const piece of pieces) {
    whole.set(piece, at);
    at += piece.length;
  }
  return whole;
}
