/** How sessions prove who is who. */
import { type Authentication, NO_AUTHENTICATION } from "../initiator/authentication.ts";
import { type ChapAccounts, chapAuthentication } from "../initiator/chap.ts";
import type { InitiatorNode } from "../initiator/node.ts";

export function authenticationOf(
  node: InitiatorNode,
  accounts: ChapAccounts | undefined,
): Authentication | undefined {
  return accounts === undefined ? undefined : chapAuthentication(node, accounts);
}

/** As `accounts` are when a login begins: they may be others by then. */
export function authenticationBy(
  node: InitiatorNode,
  accounts: () => ChapAccounts | undefined,
): Authentication {
  const now = () => authenticationOf(node, accounts()) ?? NO_AUTHENTICATION;
  const begin = () => now()();
  return Object.defineProperty(begin, "fallback", { get: () => now().fallback });
}
