/** What must be proved to the running service, as it is declared. */
import { CHAP_ALGORITHMS } from "../iscsi/chap/algorithm.ts";
import type { ChallengeIssuer } from "../iscsi/chap/challenge.ts";
import type { ChapCredentials } from "../iscsi/chap/secret.ts";
import { type AuthenticationPolicy, NO_AUTHENTICATION } from "../target/authentication.ts";
import { chapAuthentication } from "../target/chap_authentication.ts";
import type { DeclaredAuthentication, DeclaredReverseChap } from "./schema.ts";
import { resolveSecret, type SecretBook } from "./secret_book.ts";

export class RunningAuthentication {
  readonly #issuer: ChallengeIssuer;
  /** What each policy was made from. */
  readonly #origins = new WeakMap<AuthenticationPolicy, string>();

  constructor(issuer: ChallengeIssuer) {
    this.#issuer = issuer;
  }

  /**
   * The policy of what is declared: `present` where that has not changed, so that logins under way
   * are not held for logins under another policy.
   */
  policyOf(
    declared: DeclaredAuthentication | undefined,
    secrets: SecretBook,
    present: AuthenticationPolicy | undefined,
  ): AuthenticationPolicy {
    const { chap, reverseChap } = declared ?? {};
    if (chap === undefined) return NO_AUTHENTICATION;
    // A secret that changes gets a new reference.
    const origin = JSON.stringify([chap, reverseChap]);
    if (present !== undefined && this.#origins.get(present) === origin) return present;
    const policy = chapAuthentication({
      initiator: credentialsOf(chap, secrets),
      target: reverseChap === undefined ? undefined : credentialsOf(reverseChap, secrets),
      algorithms: CHAP_ALGORITHMS.filter(({ name }) => chap.algorithms.includes(name)),
      issuer: this.#issuer,
    });
    this.#origins.set(policy, origin);
    return policy;
  }
}

function credentialsOf(
  { user, secret }: DeclaredReverseChap,
  secrets: SecretBook,
): ChapCredentials {
  return { user, secret: resolveSecret(secrets, secret) };
}
