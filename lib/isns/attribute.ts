/**
 * Attributes as tag, length and value. RFC 4171 5.3. Those that we have no use for are read past,
 * whatever they hold.
 */
import { type IpAddress, isMapped } from "../net/ip_address.ts";
import { type AttributeName, ATTRIBUTES, type Form, nameOfTag } from "./attribute_table.ts";
import { IsnsFault } from "./isns_fault.ts";

/** Octets of a tag and a length. */
const HEAD_LENGTH = 8;

interface ValueOfForm {
  readonly empty: undefined;
  readonly text: string;
  readonly number: number;
  readonly time: number;
  readonly address: IpAddress;
}

export type ValueOf<N extends AttributeName> = ValueOfForm[typeof ATTRIBUTES[N]["form"]];

/** Undefined: it has no value, which in a question asks for one. RFC 4171 5.6.4.1. */
export interface Attribute<N extends AttributeName = AttributeName> {
  readonly name: N;
  readonly value: ValueOf<N> | undefined;
}

/** An attribute with its value. */
export function attribute<N extends AttributeName>(name: N, value: ValueOf<N>): Attribute {
  return { name, value } as Attribute;
}

/** The attribute without a value. */
export function empty(name: AttributeName): Attribute {
  return { name, value: undefined };
}

export const DELIMITER: Attribute = empty("delimiter");

/** The value of the first of the name; undefined where there is none, or it has no value. */
export function valueOf<N extends AttributeName>(
  attributes: readonly Attribute[],
  name: N,
): ValueOf<N> | undefined {
  return attributes.find((each) => each.name === name)?.value as ValueOf<N> | undefined;
}

/** What stands behind the delimiter. */
export function operating(attributes: readonly Attribute[]): readonly Attribute[] {
  const at = attributes.findIndex(({ name }) => name === "delimiter");
  return at < 0 ? [] : attributes.slice(at + 1);
}

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
const CONTROL = /\p{Cc}/u;

/** RFC 4171 6.3.1: an IPv4 address goes as one of IPv6 that wraps it. */
const MAPPED_PREFIX = Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff);

interface Codec<T> {
  emit(value: T): Uint8Array;
  /** Undefined where the octets are no such value. */
  parse(octets: Uint8Array): T | undefined;
}

const CODECS: { readonly [F in Form]: Codec<ValueOfForm[F]> } = {
  empty: { emit: () => new Uint8Array(0), parse: () => undefined },
  text: { emit: emitText, parse: parseText },
  number: {
    emit(value) {
      const octets = new Uint8Array(4);
      new DataView(octets.buffer).setUint32(0, value);
      return octets;
    },
    parse: (octets) => octets.length === 4 ? viewOf(octets).getUint32(0) : undefined,
  },
  time: {
    emit(value) {
      const octets = new Uint8Array(8);
      new DataView(octets.buffer).setBigUint64(0, BigInt(value));
      return octets;
    },
    parse: (octets) => octets.length === 8 ? Number(viewOf(octets).getBigUint64(0)) : undefined,
  },
  address: {
    emit: (value) => value.length === 16 ? value : Uint8Array.of(...MAPPED_PREFIX, ...value),
    parse: (octets) => octets.length === 16 ? plainAddress(octets) : undefined,
  },
};

/** RFC 4171 5.3.1: a NUL at its end, and NULs up to a multiple of four. */
function emitText(value: string): Uint8Array {
  const text = encoder.encode(value);
  const octets = new Uint8Array((text.length + 4) & ~3);
  octets.set(text);
  return octets;
}

function parseText(octets: Uint8Array): string | undefined {
  const end = octets.indexOf(0);
  if (end < 0) return undefined;
  try {
    const text = decoder.decode(octets.subarray(0, end));
    return CONTROL.test(text) ? undefined : text;
  } catch (error) {
    if (error instanceof TypeError) return undefined;
    throw error;
  }
}

/**
 * The IPv4 address where one is wrapped: as the standard has it (RFC 4291 2.5.5.2), or by zeros
 * alone (2.5.5.1), as open-isns does it. `::` and `::1` are of IPv6.
 */
function plainAddress(octets: Uint8Array): IpAddress {
  const isCompatible = octets.subarray(0, 12).every((octet) => octet === 0) &&
    viewOf(octets).getUint32(12) > 1;
  return octets.slice(isMapped(octets) || isCompatible ? 12 : 0);
}

function viewOf(octets: Uint8Array): DataView {
  return new DataView(octets.buffer, octets.byteOffset, octets.byteLength);
}

/** Lays attributes out one behind the other. */
export function emitAttributes(attributes: readonly Attribute[]): Uint8Array {
  const parts = attributes.map(({ name, value }) => {
    const { tag, form, most } = ATTRIBUTES[name];
    const octets = value === undefined
      ? new Uint8Array(0)
      : (CODECS[form] as Codec<unknown>).emit(value);
    if (octets.length > most) throw new RangeError(`attribute ${name} is too long`);
    return { tag, octets };
  });
  const length = parts.reduce((sum, { octets }) => sum + HEAD_LENGTH + octets.length, 0);
  const payload = new Uint8Array(length);
  const view = new DataView(payload.buffer);
  let at = 0;
  for (const { tag, octets } of parts) {
    view.setUint32(at, tag);
    view.setUint32(at + 4, octets.length);
    payload.set(octets, at + HEAD_LENGTH);
    at += HEAD_LENGTH + octets.length;
  }
  return payload;
}

/** Reads attributes, `most` of them at most. */
export function parseAttributes(payload: Uint8Array, most: number): readonly Attribute[] {
  const view = viewOf(payload);
  const attributes: Attribute[] = [];
  let count = 0;
  for (let at = 0; at < payload.length;) {
    if (payload.length - at < HEAD_LENGTH) throw new IsnsFault("an attribute is cut off", "5.3");
    if (count++ === most) throw new IsnsFault(`a message has more than ${most} attributes`);
    const tag = view.getUint32(at);
    const length = view.getUint32(at + 4);
    const start = at + HEAD_LENGTH;
    if (length > payload.length - start) {
      throw new IsnsFault(`attribute ${tag} is longer than its message`, "5.3");
    }
    if (length % 4 !== 0) throw new IsnsFault(`attribute ${tag} is not aligned`, "5.3.1");
    const name = nameOfTag(tag);
    if (name !== undefined) {
      attributes.push({ name, value: parseValue(name, payload.subarray(start, start + length)) });
    }
    at = start + length;
  }
  return attributes;
}

function parseValue(name: AttributeName, octets: Uint8Array): Attribute["value"] {
  const { tag, form, most } = ATTRIBUTES[name];
  if (octets.length === 0) return undefined;
  if (octets.length > most) {
    throw new IsnsFault(`attribute ${tag} has ${octets.length} octets, more than ${most}`, "6.1");
  }
  const value = CODECS[form].parse(octets);
  if (value === undefined) throw new IsnsFault(`attribute ${tag} is no ${form}`, "6.1");
  return value;
}
