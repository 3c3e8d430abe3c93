/**
 * CHAP as the initiator does it: it offers, answers the target's challenge, and where it wants the
 * target to prove itself too, challenges it and judges the answer. RFC 7143 12.1.3. Never does it
 * settle for less than it was told to prove, or to have proved.
 */
import type { Pair } from "../../wire/key_values.ts";
import {
  CHAP_ALGORITHMS,
  type ChapAlgorithm,
  chooseAlgorithm,
  MD5_ALONE,
  offerAlgorithms,
} from "./algorithm.ts";
import type { Challenge, ChallengeIssuer } from "./challenge.ts";
import { ChapFault } from "./fault.ts";
import {
  answerChallenge,
  challengeKeys,
  type ChapKeys,
  type Expected,
  judgeResponse,
  misplaced,
} from "./proof.ts";
import type { ChapCredentials } from "./secret.ts";

export interface InitiatorChapOptions {
  /** Who we are. */
  readonly initiator: ChapCredentials;
  /** Who the target must prove to be (mutual CHAP); it need not without. */
  readonly target?: Expected | undefined;
  /** What we offer, the preferred first; all without. Old targets may want MD5_ALONE. */
  readonly algorithms?: readonly ChapAlgorithm[] | undefined;
  /** The initiator node's, shared by all its logins. */
  readonly issuer: ChallengeIssuer;
}

/** What the target's next text is to bring. */
type Awaited = "method" | "challenge" | "verdict" | "proof" | "nothing" | "no-more";

export class InitiatorChapExchange {
  readonly #options: InitiatorChapOptions;
  readonly #algorithms: readonly ChapAlgorithm[];
  #awaited: Awaited = "method";
  #algorithm: ChapAlgorithm | undefined;
  #challenge: Challenge | undefined;

  constructor(options: InitiatorChapOptions) {
    this.#options = options;
    this.#algorithms = options.algorithms ?? CHAP_ALGORITHMS;
  }

  /** What the first Login Request says: CHAP alone, so that None cannot be chosen. */
  get offer(): readonly Pair[] {
    return [["AuthMethod", "CHAP"]];
  }

  /** True once all of our keys have been given: the request that has the last asks to move on. */
  get isAnswered(): boolean {
    return this.#awaited !== "method" && this.#awaited !== "challenge";
  }

  /**
   * True while the target has not come to terms with what it was offered: it has not chosen, or
   * what it chose may be another algorithm by its own numbers (tgt means SHA-1 by 7).
   */
  get mayHaveChoked(): boolean {
    if (this.#awaited === "challenge") return true;
    const isAnswered = this.#awaited === "verdict" || this.#awaited === "proof";
    return isAnswered && !MD5_ALONE.includes(this.#algorithm!);
  }

  /** True once the target owes no proof: one that moves on before that is not to be followed. */
  get isComplete(): boolean {
    return this.#awaited === "verdict" || this.#awaited === "nothing";
  }

  /**
   * Takes the security keys of each text of the target in the security stage, none as well; answers
   * what goes into our next request, or why the connection is to be closed.
   */
  receive(pairs: readonly Pair[]): readonly Pair[] | ChapFault {
    const keys = new Map(pairs);
    switch (this.#awaited) {
      case "method":
        return this.#offerAlgorithms(keys);
      case "challenge":
        return this.#answer(keys);
      case "proof":
        return this.#judge(keys);
      default:
        return misplaced(keys, []) ?? [];
    }
  }

  #offerAlgorithms(keys: ChapKeys): readonly Pair[] | ChapFault {
    const method = keys.get("AuthMethod");
    if (method === undefined) return new ChapFault("the target leaves out CHAP");
    if (method !== "CHAP") return new ChapFault(`the target answers CHAP with ${method}`);
    const fault = misplaced(keys, ["AuthMethod"]) ?? this.#equalSecrets();
    if (fault !== undefined) return fault;
    this.#awaited = "challenge";
    return [["CHAP_A", offerAlgorithms(this.#algorithms)]];
  }

  #equalSecrets(): ChapFault | undefined {
    const { initiator, target } = this.#options;
    if (target === undefined || !target.secret.equals(initiator.secret)) return undefined;
    return new ChapFault("both directions have the same secret");
  }

  #answer(keys: ChapKeys): readonly Pair[] | ChapFault {
    const fault = misplaced(keys, ["CHAP_A", "CHAP_I", "CHAP_C"]);
    if (fault !== undefined) return fault;
    const chosen = keys.get("CHAP_A")!;
    const algorithm = chosen.includes(",") ? undefined : chooseAlgorithm(chosen, this.#algorithms);
    if (algorithm === undefined) {
      return new ChapFault(`the target chooses algorithm ${chosen}, which was not offered`);
    }
    const { initiator, target, issuer } = this.#options;
    const answer = answerChallenge(keys, algorithm, initiator, issuer);
    if (answer instanceof ChapFault) return answer;
    this.#algorithm = algorithm;
    this.#awaited = target === undefined ? "verdict" : "proof";
    if (target === undefined) return answer;
    this.#challenge = issuer.issue();
    return [...answer, ...challengeKeys(this.#challenge)];
  }

  #judge(keys: ChapKeys): readonly Pair[] | ChapFault {
    const fault = misplaced(keys, ["CHAP_N", "CHAP_R"]) ??
      judgeResponse(keys, this.#algorithm!, this.#challenge!, this.#options.target!);
    if (fault !== undefined) {
      this.#awaited = "no-more";
      return new ChapFault(`the target does not prove itself: ${fault.reason}`);
    }
    this.#awaited = "nothing";
    return [];
  }
}
