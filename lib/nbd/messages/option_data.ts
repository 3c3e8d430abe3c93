/** The data of an option, read and written piece by piece: numbers, and strings with a length. */
import { MOST_STRING_LENGTH } from "./option.ts";

const encoder = new TextEncoder();
// A byte order mark is a part of the name like any other character.
const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

/** Reads from the start on; undefined: there is not so much, or the string is too long. */
export class OptionData {
  readonly #view: DataView;
  readonly #octets: Uint8Array;
  #at = 0;

  constructor(octets: Uint8Array) {
    this.#octets = octets;
    this.#view = new DataView(octets.buffer, octets.byteOffset, octets.byteLength);
  }

  /** Octets that have not been read. */
  get left(): number {
    return this.#octets.length - this.#at;
  }

  u16(): number | undefined {
    if (this.left < 2) return undefined;
    this.#at += 2;
    return this.#view.getUint16(this.#at - 2);
  }

  u32(): number | undefined {
    if (this.left < 4) return undefined;
    this.#at += 4;
    return this.#view.getUint32(this.#at - 4);
  }

  /** A string of that many octets. */
  text(length: number): string | undefined {
    if (length > this.left || length > MOST_STRING_LENGTH) return undefined;
    this.#at += length;
    return decoder.decode(this.#octets.subarray(this.#at - length, this.#at));
  }

  /** A string, with its length before it. */
  string(): string | undefined {
    const length = this.u32();
    return length === undefined ? undefined : this.text(length);
  }
}

/** One piece behind the other; `[u32, text]` is what a string with its length comes to. */
export function concatenated(...pieces: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(pieces.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const piece of pieces) {
    whole.set(piece, at);
    at += piece.length;
  }
  return whole;
}

export function u16Octets(value: number): Uint8Array {
  return Uint8Array.of(value >>> 8, value);
}

export function u32Octets(value: number): Uint8Array {
  return Uint8Array.of(value >>> 24, value >>> 16, value >>> 8, value);
}

export function textOctets(text: string): Uint8Array {
  return encoder.encode(text);
}

/** The string with its length before it. */
export function stringOctets(text: string): Uint8Array {
  const octets = textOctets(text);
  return concatenated(u32Octets(octets.length), octets);
}
