/**
 * A disk is backed up in chunks of one length, each known by its SHA-256. The last one is filled up
 * with zeros.
 */
import { createHash } from "node:crypto";

const LEAST_LENGTH = 256 << 10;
/** Chunks of a disk at most, so that a list of their hashes fits in memory whatever its size. */
const MOST_CHUNKS = 1 << 18;

export const HASH_LENGTH = 32;

/** Octets of the chunks of a disk that is backed up for the first time. */
export function chunkLengthFor(size: number): number {
  let length = LEAST_LENGTH;
  while (size > length * MOST_CHUNKS) length *= 2;
  return length;
}

export function chunkCount(size: number, chunkLength: number): number {
  return Math.ceil(size / chunkLength);
}

/** The name of a chunk: its SHA-256, in hex digits. */
export function hashOf(chunk: Uint8Array): string {
  return createHash("sha256").update(chunk).digest("hex");
}
