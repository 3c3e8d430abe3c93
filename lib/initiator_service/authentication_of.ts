/** How sessions prove who is who. */
import type { Authentication } from "../initiator/authentication.ts";
import { type ChapAccounts, chapAuthentication } from "../initiator/chap.ts";
import type { InitiatorNode } from "../initiator/node.ts";

export function authenticationOf(
  node: InitiatorNode,
  accounts: ChapAccounts | undefined,
): Authentication | undefined {
  return accounts === undefined ? undefined : chapAuthentication(node, accounts);
}
