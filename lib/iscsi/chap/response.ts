/** What is computed in a CHAP exchange. Loaded only where somebody logs in. */
import { createHash, timingSafeEqual } from "node:crypto";
import type { ChapAlgorithm } from "./algorithm.ts";
import type { Challenge } from "./challenge.ts";
import type { ChapSecret } from "./secret.ts";

/** RFC 1994 4.1: the hash of the identifier, the secret and the challenge. */
export function chapResponse(
  algorithm: ChapAlgorithm,
  { identifier, octets }: Challenge,
  secret: ChapSecret,
): Uint8Array {
  return createHash(algorithm.name)
    .update(Uint8Array.of(identifier))
    .update(secret.reveal().octets)
    .update(octets)
    .digest();
}

/** Takes the same time wherever they differ; that lengths differ may be seen. */
export function isEqual(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && timingSafeEqual(a, b);
}

/** The same for texts, whose lengths tell nothing either. */
export function isEqualText(a: string, b: string): boolean {
  return timingSafeEqual(digestOf(a), digestOf(b));
}

function digestOf(text: string): Uint8Array {
  return createHash("sha256").update(text).digest();
}
