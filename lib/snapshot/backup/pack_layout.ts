/**
 * A pack: chunks one behind the other, with their hashes and a digest over those behind them. What
 * has no whole list at its end is being written, or was interrupted.
 */
import { createHash } from "node:crypto";
import { isZero } from "../../block/zeros.ts";
import { ascii, bytes, layout, u32 } from "../../wire/layout.ts";
import { HASH_LENGTH } from "./chunk.ts";

/** Chunks begin at whole pages. */
export const PACK_HEADER_LENGTH = 4096;

const COOKIE = "sanctlpk";
const VERSION = 1;
/** Octets of the header that say something. */
const HEADER_END = 32;

const PackHeader = layout(PACK_HEADER_LENGTH, {
  cookie: ascii(0, 8),
  version: u32(8),
  chunkLength: u32(12),
  /** Of the disk. */
  uuid: bytes(16, 16),
});

export interface PackIdentity {
  readonly chunkLength: number;
  /** Of the disk: 16 octets. */
  readonly uuid: Uint8Array;
}

export function emitPackHeader({ chunkLength, uuid }: PackIdentity): Uint8Array {
  const octets = new Uint8Array(PACK_HEADER_LENGTH);
  const header = new PackHeader(octets);
  header.cookie = COOKIE;
  header.version = VERSION;
  header.chunkLength = chunkLength;
  header.uuid = uuid;
  return octets;
}

/** Why this is not the header of a pack of that disk; undefined if it is. */
export function packHeaderFlaw(octets: Uint8Array, wanted: PackIdentity): string | undefined {
  const header = new PackHeader(octets);
  if (header.cookie !== COOKIE) return "it is not a pack";
  if (header.version !== VERSION) return `it is of version ${header.version}`;
  if (header.chunkLength !== wanted.chunkLength) return "its chunks have another length";
  if (header.uuid.some((octet, at) => octet !== wanted.uuid[at])) {
    return "it belongs to another disk";
  }
  // The rest of it is zeros, which a flipped bit is found by.
  return isZero(octets.subarray(HEADER_END)) ? undefined : "its header is not what was written";
}

/** What stands behind the chunks. */
export function emitHashes(hashes: readonly string[]): Uint8Array {
  const octets = new Uint8Array((hashes.length + 1) * HASH_LENGTH);
  for (const [at, hash] of hashes.entries()) octets.set(Uint8Array.fromHex(hash), at * HASH_LENGTH);
  octets.set(digestOf(octets.subarray(0, -HASH_LENGTH)), octets.length - HASH_LENGTH);
  return octets;
}

/** The hashes, or undefined where they are damaged. */
export function parseHashes(octets: Uint8Array): string[] | undefined {
  const list = octets.subarray(0, -HASH_LENGTH);
  if (digestOf(list).toHex() !== octets.subarray(-HASH_LENGTH).toHex()) return undefined;
  const hashes: string[] = [];
  for (let at = 0; at < list.length; at += HASH_LENGTH) {
    hashes.push(list.subarray(at, at + HASH_LENGTH).toHex());
  }
  return hashes;
}

/** Chunks of a whole pack of that length; undefined if no whole pack is so long. */
export function chunksOfPack(length: number, chunkLength: number): number | undefined {
  const count = (length - PACK_HEADER_LENGTH - HASH_LENGTH) / (chunkLength + HASH_LENGTH);
  return Number.isInteger(count) && count >= 0 ? count : undefined;
}

function digestOf(octets: Uint8Array): Uint8Array {
  return createHash("sha256").update(octets).digest();
}
