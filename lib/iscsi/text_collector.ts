/**
 * Puts texts together that come in several PDUs, the C bit set in all but the last. RFC 7143 6.1:
 * keys and values may be cut anywhere, so nothing is read before the end. The limits hold for all
 * the texts of one exchange together.
 */
import { KeyValueFault, type Pair, parseKeyValues } from "../wire/key_values.ts";

/** Items of one exchange, unless told otherwise. No login in the field has more than fifty. */
const PAIR_COUNT = 1024;

/** More than a binary value of 1024 octets in hexadecimal, the most of RFC 7143 12.1.3. */
const VALUE_LENGTH = 4096;

export class TextCollector {
  readonly #textLength: number;
  readonly #pairCount: number;
  #fragments: Uint8Array[] = [];
  #length = 0;
  /** Of the texts that have been read. */
  #octetsRead = 0;
  #pairsRead = 0;

  /**
   * `textLength` is the most octets that all texts together may have, `pairCount` the most items.
   */
  constructor(textLength: number, pairCount = PAIR_COUNT) {
    this.#textLength = textLength;
    this.#pairCount = pairCount;
  }

  /** Keeps a fragment that others follow; false if there has been too much. */
  add(fragment: Uint8Array): boolean {
    if (this.#octetsRead + this.#length + fragment.length > this.#textLength) return false;
    if (fragment.length > 0) this.#fragments.push(fragment.slice());
    this.#length += fragment.length;
    return true;
  }

  /** Reads the text whose last fragment this is; another may follow. */
  take(last: Uint8Array): readonly Pair[] | KeyValueFault {
    const text = this.#length === 0 ? last : this.#join(last);
    this.#fragments = [];
    this.#length = 0;
    const pairs = parseKeyValues(text, {
      textLength: this.#textLength - this.#octetsRead,
      pairCount: this.#pairCount - this.#pairsRead,
      valueLength: VALUE_LENGTH,
    });
    if (pairs instanceof KeyValueFault) return pairs;
    this.#octetsRead += text.length;
    this.#pairsRead += pairs.length;
    return pairs;
  }

  /** Forgets what has come: another exchange begins. */
  clear(): void {
    this.#fragments = [];
    this.#length = 0;
    this.#octetsRead = 0;
    this.#pairsRead = 0;
  }

  #join(last: Uint8Array): Uint8Array {
    const text = new Uint8Array(this.#length + last.length);
    let at = 0;
    for (const fragment of [...this.#fragments, last]) {
      text.set(fragment, at);
      at += fragment.length;
    }
    return text;
  }
}
