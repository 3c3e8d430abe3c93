/** What may become of a PDU of a target's that is hostile, or that bad luck has met on its way. */
import { BHS_LENGTH } from "../../lib/iscsi/bhs.ts";
import { crc32c } from "../../lib/wire/crc32c.ts";
import type { Chance } from "../support/chance.ts";
import type { Digests } from "./pdu_stream.ts";

export const EDGES: readonly number[] = [
  ...[0, 1, 0x7f, 0x80, 0xffff, 0x7fffffff, 0x80000000, 0xffffffff],
];
const INITIATOR_TASK_TAG = 16;
const FIELDS: readonly number[] = [0, 4, 8, INITIATOR_TASK_TAG, 20, 24, 28, 32, 36, 40, 44];
const LENGTHS = [1, 3, 47, 8193, 262_144, 262_145, 0xffffff];

/** Changes a PDU that is its own, or answers another. */
type Bend = (pdu: Uint8Array, chance: Chance, seal: Seal) => Uint8Array;

/** Lays out digests as the header says now. */
type Seal = (pdu: Uint8Array) => Uint8Array;

function edge(fields: readonly number[]): Bend {
  return (pdu, chance, seal) => {
    viewOf(pdu).setUint32(chance.one(fields), chance.one(EDGES));
    return seal(pdu);
  };
}

function aLittleOff(fields: readonly number[]): Bend {
  return (pdu, chance, seal) => {
    const at = chance.one(fields);
    const view = viewOf(pdu);
    view.setUint32(at, view.getUint32(at) + chance.one([-512, -1, 1, 4, 512]));
    return seal(pdu);
  };
}

/** Digests no longer match. */
function bits(pdu: Uint8Array, chance: Chance): Uint8Array {
  return flipped(pdu, pdu.length, chance);
}

function headerBits(pdu: Uint8Array, chance: Chance, seal: Seal): Uint8Array {
  return seal(flipped(pdu, BHS_LENGTH, chance));
}

function cut(pdu: Uint8Array, chance: Chance): Uint8Array {
  return pdu.slice(0, chance.below(pdu.length));
}

function twice(pdu: Uint8Array): Uint8Array {
  return Uint8Array.from([...pdu, ...pdu]);
}

/** It claims other data than there is. */
function otherLength(pdu: Uint8Array, chance: Chance, seal: Seal): Uint8Array {
  viewOf(pdu).setUint32(4, chance.one(LENGTHS) | chance.one([0, 0, 1, 255]) << 24);
  return seal(pdu);
}

function noise(_: Uint8Array, chance: Chance): Uint8Array {
  return chance.octets(chance.between(1, 200));
}

const BENDS: readonly Bend[] = [
  ...[edge(FIELDS), aLittleOff(FIELDS), bits, headerBits, cut, twice, otherLength, noise],
];

const OTHER_FIELDS = FIELDS.filter((at) => at !== INITIATOR_TASK_TAG);

/**
 * Those that leave the content what it is, or show: neither other data with a digest that matches,
 * nor the data of one command under the tag of another, which nobody could tell from the truth.
 */
const PLAIN_BENDS: readonly Bend[] = [
  ...[edge(OTHER_FIELDS), aLittleOff(OTHER_FIELDS), cut, twice, otherLength, noise],
];

export interface BendOptions {
  /** Only what can be told from the truth. */
  readonly isPlain?: boolean;
}

/** The PDU with something wrong in it, or what comes in its place. */
export function bend(
  pdu: Uint8Array,
  chance: Chance,
  digests: Digests,
  { isPlain = false }: BendOptions = {},
): Uint8Array {
  const hasBoth = digests.headerDigest && digests.dataDigest;
  const bends = !isPlain ? BENDS : hasBoth ? [...PLAIN_BENDS, bits] : PLAIN_BENDS;
  return chance.one(bends)(pdu.slice(), chance, (octets) => sealed(octets, digests));
}

function viewOf(pdu: Uint8Array): DataView {
  return new DataView(pdu.buffer, pdu.byteOffset, pdu.length);
}

function flipped(pdu: Uint8Array, length: number, chance: Chance): Uint8Array {
  for (let i = chance.between(1, 4); i > 0; i--) pdu[chance.below(length)]! ^= 1 << chance.below(8);
  return pdu;
}

function sealed(pdu: Uint8Array, { headerDigest, dataDigest }: Digests): Uint8Array {
  const view = viewOf(pdu);
  const header = BHS_LENGTH + pdu[4]! * 4;
  if (headerDigest && header + 4 <= pdu.length) {
    view.setUint32(header, crc32c(pdu, 0, header), true);
  }
  const at = header + (headerDigest ? 4 : 0);
  const padded = ((view.getUint32(4) & 0xffffff) + 3) & ~3;
  if (dataDigest && padded > 0 && at + padded + 4 <= pdu.length) {
    view.setUint32(at + padded, crc32c(pdu, at, padded), true);
  }
  return pdu;
}
