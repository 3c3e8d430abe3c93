/**
 * Who an initiator is, proved in the security stage of login. RFC 7143 6.3.2, 12. A method is a
 * value of AuthMethod with the exchange of keys behind it; a policy says which methods will do for
 * whom.
 */
import { LoginStatus } from "../iscsi/pdu/login_response.ts";
import type { Pair } from "../wire/key_values.ts";
import type { AccessRequest } from "./access_list.ts";
import { LoginRefusal, proofNotOffered } from "./login_refusal.ts";

/** One initiator proving itself by one method. */
export interface AuthenticationExchange {
  /** True once the initiator has proved who it is. */
  readonly isComplete: boolean;
  /** As whom; undefined where the method proves nothing. */
  readonly identity: string | undefined;
  /** Takes the keys of one text, AuthMethod apart; answers ours, or why the login ends. */
  receive(pairs: readonly Pair[]): readonly Pair[] | LoginRefusal;
}

export interface AuthenticationMethod {
  /** As AuthMethod calls it. RFC 7143 12.1. */
  readonly name: string;
  begin(): AuthenticationExchange;
}

/** What must be proved to log in to a target, or to discover targets. */
export interface AuthenticationPolicy {
  /** The methods that will do, the preferred one first; never none. */
  methods(request: AccessRequest): readonly AuthenticationMethod[];
}

/** Nothing is proved. RFC 7143 12.1, None. */
export const NONE: AuthenticationMethod = {
  name: "None",
  begin: () => ({
    isComplete: true,
    identity: undefined,
    receive: (pairs) => pairs.length === 0 ? [] : unexpected(pairs[0]!),
  }),
};

/** Whoever the access list admits may log in. */
export const NO_AUTHENTICATION: AuthenticationPolicy = { methods: () => [NONE] };

/** The part of one login that proves who the initiator is. */
export class Authentication {
  readonly #methods: readonly AuthenticationMethod[];
  #exchange: AuthenticationExchange | undefined;

  constructor(methods: readonly AuthenticationMethod[]) {
    this.#methods = methods;
  }

  /** True if the login may leave, or leave out, the security stage. */
  get isComplete(): boolean {
    return this.#exchange?.isComplete ?? this.#methods.includes(NONE);
  }

  get identity(): string | undefined {
    return this.#exchange?.identity;
  }

  /** Why a login that asks to go on without the proof is refused. */
  get refusal(): LoginRefusal {
    const reason = "it asks to go on without the proof that is required";
    if (this.#exchange === undefined) return proofNotOffered(reason);
    return new LoginRefusal(LoginStatus.AUTHENTICATION_FAILURE, reason);
  }

  /** Takes the security keys of one text. */
  receive(pairs: readonly Pair[]): readonly Pair[] | LoginRefusal {
    const answers: Pair[] = [];
    const offer = pairs.find(([key]) => key === "AuthMethod");
    if (offer !== undefined) {
      const method = this.#choose(offer[1]);
      if (method === undefined) {
        const wanted = this.#methods.map(({ name }) => name).join(",");
        const reason = `it offers ${offer[1]} where ${wanted} is asked for`;
        return proofNotOffered(reason);
      }
      this.#exchange = method.begin();
      answers.push(["AuthMethod", method.name]);
    }
    const others = pairs.filter((pair) => pair !== offer);
    if (others.length === 0) return answers;
    if (this.#exchange === undefined) return unexpected(others[0]!);
    const outcome = this.#exchange.receive(others);
    return outcome instanceof LoginRefusal ? outcome : [...answers, ...outcome];
  }

  /** RFC 7143 6.2.1: the first of the offer that will do. */
  #choose(offer: string): AuthenticationMethod | undefined {
    for (const name of offer.split(",")) {
      const method = this.#methods.find((each) => each.name === name);
      if (method !== undefined) return method;
    }
    return undefined;
  }
}

function unexpected([key]: Pair): LoginRefusal {
  return new LoginRefusal(
    LoginStatus.INITIATOR_ERROR,
    `${key} belongs to no exchange under way`,
  );
}
