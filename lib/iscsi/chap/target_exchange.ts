/**
 * CHAP as the target does it: it challenges, judges the answer, and proves itself where the
 * initiator asks for that. RFC 7143 12.1.3. Whatever is wrong, the login ends.
 */
import type { Pair } from "../../wire/key_values.ts";
import { CHAP_ALGORITHMS, type ChapAlgorithm, chooseAlgorithm } from "./algorithm.ts";
import type { Challenge, ChallengeIssuer } from "./challenge.ts";
import { ChapFault } from "./fault.ts";
import {
  answerChallenge,
  challengeKeys,
  type ChapKeys,
  judgeResponse,
  misplaced,
} from "./proof.ts";
import type { ChapCredentials } from "./secret.ts";

export interface TargetChapOptions {
  /** Who the initiator must prove to be. */
  readonly initiator: ChapCredentials;
  /** Who we are, for initiators that want to know: all have to, once it is set (mutual CHAP). */
  readonly target?: ChapCredentials | undefined;
  /** What will do, the preferred first; all without. */
  readonly algorithms?: readonly ChapAlgorithm[] | undefined;
  /** The target node's, shared by all its logins. */
  readonly issuer: ChallengeIssuer;
}

const ANSWER = ["CHAP_N", "CHAP_R"] as const;
const CHALLENGE = ["CHAP_I", "CHAP_C"] as const;

export class TargetChapExchange {
  readonly #options: TargetChapOptions;
  #algorithm: ChapAlgorithm | undefined;
  #challenge: Challenge | undefined;
  #isComplete = false;

  constructor(options: TargetChapOptions) {
    this.#options = options;
  }

  /** True once the initiator has proved who it is. */
  get isComplete(): boolean {
    return this.#isComplete;
  }

  /** Takes the keys of one text; answers ours, or why the login ends. */
  receive(pairs: readonly Pair[]): readonly Pair[] | ChapFault {
    const keys = new Map(pairs);
    if (this.#isComplete) return new ChapFault("keys of CHAP come after its end");
    return this.#challenge === undefined ? this.#begin(keys) : this.#judge(keys, this.#challenge);
  }

  #begin(keys: ChapKeys): readonly Pair[] | ChapFault {
    const fault = misplaced(keys, ["CHAP_A"]) ?? this.#equalSecrets();
    if (fault !== undefined) return fault;
    const offer = keys.get("CHAP_A")!;
    const algorithm = chooseAlgorithm(offer, this.#options.algorithms ?? CHAP_ALGORITHMS);
    if (algorithm === undefined) return new ChapFault(`none of its algorithms ${offer} will do`);
    this.#algorithm = algorithm;
    this.#challenge = this.#options.issuer.issue();
    return [["CHAP_A", String(algorithm.number)], ...challengeKeys(this.#challenge)];
  }

  /** RFC 7143 9.2.1: it is refused where it is configured, and here if it comes another way. */
  #equalSecrets(): ChapFault | undefined {
    const { initiator, target } = this.#options;
    if (target === undefined || !target.secret.equals(initiator.secret)) return undefined;
    return new ChapFault("both directions have the same secret");
  }

  #judge(keys: ChapKeys, challenge: Challenge): readonly Pair[] | ChapFault {
    const { initiator, target, issuer } = this.#options;
    const isMutual = CHALLENGE.some((key) => keys.has(key));
    const fault = misplaced(keys, isMutual ? [...ANSWER, ...CHALLENGE] : ANSWER) ??
      judgeResponse(keys, this.#algorithm!, challenge, initiator);
    if (fault !== undefined) return fault;
    // Only who has proved itself is told what we can prove.
    if (target === undefined && isMutual) {
      return new ChapFault("it asks the target to prove itself, which has no secret to do so");
    }
    if (target !== undefined && !isMutual) {
      return new ChapFault("it does not ask the target to prove itself, which is required");
    }
    const proof = target === undefined
      ? []
      : answerChallenge(keys, this.#algorithm!, target, issuer);
    if (!(proof instanceof ChapFault)) this.#isComplete = true;
    return proof;
  }
}
