/** The hash functions of CHAP. RFC 7143 12.1.3, RFC 1994 3. */
import { parseNumber } from "../number_value.ts";

export interface ChapAlgorithm {
  /** As CHAP_A has it: IANA's PPP Authentication Algorithms. */
  readonly number: number;
  /** As operators write it, and as libraries call the function. */
  readonly name: string;
  readonly digestLength: number;
}

/** All that there are, the strongest first. */
export const CHAP_ALGORITHMS: readonly ChapAlgorithm[] = [
  { number: 8, name: "sha3-256", digestLength: 32 },
  { number: 7, name: "sha256", digestLength: 32 },
  { number: 6, name: "sha1", digestLength: 20 },
  { number: 5, name: "md5", digestLength: 16 },
];

/** What every target must know (12.1.3), and some old ones alone do. */
export const MD5_ALONE: readonly ChapAlgorithm[] = CHAP_ALGORITHMS.filter(({ name }) =>
  name === "md5"
);

/** The value of CHAP_A that offers these. */
export function offerAlgorithms(algorithms: readonly ChapAlgorithm[]): string {
  return algorithms.map(({ number }) => number).join(",");
}

/** The first of ours that is in the offer: whom the proof protects decides, not who gives it. */
export function chooseAlgorithm(
  offer: string,
  ours: readonly ChapAlgorithm[],
): ChapAlgorithm | undefined {
  const offered = new Set(offer.split(",").map(parseNumber));
  return ours.find(({ number }) => offered.has(number));
}
