/** CHAP for the logins of a node. RFC 7143 12.1.3. */
import { MD5_ALONE } from "../iscsi/chap/algorithm.ts";
import { InitiatorChapExchange } from "../iscsi/chap/initiator_exchange.ts";
import type { Expected } from "../iscsi/chap/proof.ts";
import type { ChapCredentials } from "../iscsi/chap/secret.ts";
import type { Authentication } from "./authentication.ts";
import type { InitiatorNode } from "./node.ts";

export interface ChapAccounts {
  /** Who we are. */
  readonly initiator: ChapCredentials;
  /** Who the target has to prove to be: mutual CHAP. */
  readonly target?: Expected | undefined;
}

/**
 * Offers every algorithm, the strongest first; to a target that cannot choose from a list, MD5
 * alone, which every target must know. Neither ever does without what was asked for.
 */
export function chapAuthentication(node: InitiatorNode, accounts: ChapAccounts): Authentication {
  const issuer = node.challenges;
  return Object.assign(() => new InitiatorChapExchange({ ...accounts, issuer }), {
    fallback: () => new InitiatorChapExchange({ ...accounts, issuer, algorithms: MD5_ALONE }),
  });
}
