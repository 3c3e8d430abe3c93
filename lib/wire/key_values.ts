/**
 * The text of Login and Text PDUs: `key=value` items, each ended by a NUL. RFC 7143 6.1. What the
 * keys mean is not known here; a repeated key stays visible, since that is for the reader to judge.
 */

/** One item, in the order of the text. */
export type Pair = readonly [key: string, value: string];

/** What a text may cost before it is refused. */
export interface KeyValueLimits {
  readonly textLength: number;
  readonly pairCount: number;
  readonly valueLength: number;
}

/** Why a text could not be read; a value, not thrown: the peer gets a status for it. */
export class KeyValueFault {
  constructor(
    readonly message: string,
    /** Octets before the item at fault. */
    readonly at: number,
  ) {}
}

/** RFC 7143 6.1, standard-label; `#` for the likes of X#NodeArchitecture. */
const KEY = /^[A-Za-z0-9.\-+@_#]{1,63}$/;
const CONTROL = /\p{Cc}/u;
const NUL = 0;
const EQUALS = 0x3d;
/** NULs that pad a data segment to four octets: some peers count them in its length. */
const PADDING = 3;

const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
const encoder = new TextEncoder();

/** Reads a whole text: all fragments put together when it came in several PDUs. */
export function parseKeyValues(
  text: Uint8Array,
  limits: KeyValueLimits,
): readonly Pair[] | KeyValueFault {
  if (text.length === 0) return [];
  if (text.length > limits.textLength) {
    return new KeyValueFault(`text of ${text.length} octets exceeds ${limits.textLength}`, 0);
  }
  if (text[text.length - 1] !== NUL) {
    return new KeyValueFault("text does not end in NUL", text.length);
  }
  const end = withoutPadding(text);
  const pairs: Pair[] = [];
  for (let at = 0; at < end;) {
    const next = text.indexOf(NUL, at);
    if (pairs.length === limits.pairCount) {
      return new KeyValueFault(`text holds more than ${limits.pairCount} keys`, at);
    }
    const pair = parseItem(text.subarray(at, next), limits.valueLength);
    if (typeof pair === "string") return new KeyValueFault(pair, at);
    pairs.push(pair);
    at = next + 1;
  }
  return pairs;
}

/** Where the last item ends, its NUL included. */
function withoutPadding(text: Uint8Array): number {
  let end = text.length;
  const least = Math.max(1, end - PADDING);
  while (end > least && text[end - 1] === NUL && text[end - 2] === NUL) end--;
  return end;
}

/** Answers what is wrong with the item, if anything is. */
function parseItem(item: Uint8Array, valueLength: number): Pair | string {
  const equals = item.indexOf(EQUALS);
  if (equals < 0) return `"${legible(item)}" has no "="`;
  const key = legible(item.subarray(0, equals));
  if (!KEY.test(key)) return `"${key}" is not a key name`;
  const octets = item.subarray(equals + 1);
  if (octets.length > valueLength) {
    return `value of ${key} has ${octets.length} octets, more than ${valueLength}`;
  }
  const value = decode(octets);
  if (value === undefined) return `value of ${key} is not UTF-8`;
  if (CONTROL.test(value)) return `value of ${key} holds a control character`;
  return [key, value];
}

function decode(octets: Uint8Array): string | undefined {
  try {
    return decoder.decode(octets);
  } catch (error) {
    if (error instanceof TypeError) return undefined;
    throw error;
  }
}

/** The start of what came, safe for a log: other octets become `?`. */
function legible(octets: Uint8Array): string {
  let text = "";
  for (const octet of octets.subarray(0, 64)) {
    text += octet > 0x20 && octet < 0x7f ? String.fromCharCode(octet) : "?";
  }
  return text;
}

/** Lays pairs out as text. */
export function emitKeyValues(pairs: Iterable<Pair>): Uint8Array {
  let text = "";
  for (const [key, value] of pairs) {
    if (!KEY.test(key)) throw new RangeError(`"${key}" is not a key name`);
    if (value.includes("\0")) throw new RangeError(`value of ${key} holds a NUL`);
    text += `${key}=${value}\0`;
  }
  return encoder.encode(text);
}
