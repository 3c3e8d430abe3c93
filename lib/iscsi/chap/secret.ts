/**
 * What both sides of a CHAP exchange know. A secret shows itself to nothing that prints or lists
 * objects, so it reaches no log and no JSON by accident.
 */

/** Octets of a secret: 96 bits at least (RFC 7143 9.2.1); more than 16 few initiators take. */
export const SECRET_LENGTH = { least: 12, usual: 16, most: 255 } as const;

export class ChapSecret {
  readonly #text: string;
  readonly #octets: Uint8Array;

  constructor(text: string) {
    this.#text = text;
    this.#octets = new TextEncoder().encode(text);
  }

  get length(): number {
    return this.#octets.length;
  }

  /** Itself, for a hash function or the file of secrets. */
  reveal(): { readonly text: string; readonly octets: Uint8Array } {
    return { text: this.#text, octets: this.#octets };
  }

  /** For configuration, where nobody times it. */
  equals(other: ChapSecret): boolean {
    return this.#text === other.#text;
  }
}

/** Who proves itself, and by what. */
export interface ChapCredentials {
  /** CHAP_N: any text; one that looks like a number is still a text. */
  readonly user: string;
  readonly secret: ChapSecret;
}
