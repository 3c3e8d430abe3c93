/** The two halves of CHAP: to answer a challenge, and to judge an answer. RFC 7143 12.1.3. */
import type { Pair } from "../../wire/key_values.ts";
import { emitBinary, parseBinary } from "../binary_value.ts";
import { parseNumber } from "../number_value.ts";
import type { ChapAlgorithm } from "./algorithm.ts";
import type { Challenge, ChallengeIssuer } from "./challenge.ts";
import { ChapFault } from "./fault.ts";
import { chapResponse, isEqual, isEqualText } from "./response.ts";
import type { ChapCredentials } from "./secret.ts";

export type ChapKeys = ReadonlyMap<string, string>;

/** RFC 7143 12.1.3: octets of a challenge at most, and of a response. */
const MOST_OCTETS = 1024;

/** What a challenge looks like in a text. */
export function challengeKeys({ identifier, octets }: Challenge): readonly Pair[] {
  return [["CHAP_I", String(identifier)], ["CHAP_C", emitBinary(octets)]];
}

/** Answers the challenge among `keys`, unless it is one of our own. */
export function answerChallenge(
  keys: ChapKeys,
  algorithm: ChapAlgorithm,
  credentials: ChapCredentials,
  issuer: ChallengeIssuer,
): readonly Pair[] | ChapFault {
  const challenge = readChallenge(keys);
  if (challenge instanceof ChapFault) return challenge;
  // 9.2.1.
  if (issuer.isOwn(challenge.octets)) return new ChapFault("it reflects a challenge of ours");
  const response = chapResponse(algorithm, challenge, credentials.secret);
  return [["CHAP_N", credentials.user], ["CHAP_R", emitBinary(response)]];
}

function readChallenge(keys: ChapKeys): Challenge | ChapFault {
  const identifier = parseNumber(keys.get("CHAP_I") ?? "");
  if (identifier === undefined || identifier > 255) {
    return new ChapFault("CHAP_I is not a number from 0 to 255");
  }
  const octets = parseBinary(keys.get("CHAP_C") ?? "", MOST_OCTETS);
  if (octets === undefined) {
    return new ChapFault(`CHAP_C is not a binary value of 1 to ${MOST_OCTETS} octets`);
  }
  return { identifier, octets };
}

/** Who is expected: without a user, anyone who knows the secret. */
export type Expected = Omit<ChapCredentials, "user"> & { readonly user?: string | undefined };

/**
 * Judges the answer among `keys`; undefined if it proves who is expected. The same is computed
 * whatever is wrong, so that the time taken does not tell a wrong name from a wrong secret.
 */
export function judgeResponse(
  keys: ChapKeys,
  algorithm: ChapAlgorithm,
  challenge: Challenge,
  expected: Expected,
): ChapFault | undefined {
  const name = keys.get("CHAP_N");
  if (name === undefined) return new ChapFault("CHAP_N is missing");
  const { digestLength } = algorithm;
  const response = parseBinary(keys.get("CHAP_R") ?? "", digestLength);
  if (response?.length !== digestLength) {
    return new ChapFault(`CHAP_R is not a binary value of ${digestLength} octets`);
  }
  const isRight = isEqual(chapResponse(algorithm, challenge, expected.secret), response);
  const isExpected = isEqualText(name, expected.user ?? name);
  if (isExpected && isRight) return undefined;
  return new ChapFault(
    isExpected ? "its secret is wrong" : `its CHAP user ${name} is not the one expected`,
  );
}

/** What is wrong with the keys of a text, if they are not those that are due. */
export function misplaced(keys: ChapKeys, due: readonly string[]): ChapFault | undefined {
  const missing = due.find((key) => !keys.has(key));
  if (missing !== undefined) return new ChapFault(`${missing} is due and missing`);
  const other = [...keys.keys()].find((key) => !due.includes(key));
  return other === undefined ? undefined : new ChapFault(`${other} is not due`);
}
