/** Which targets a portal offers: a discovery session that asks SendTargets. RFC 7143 4.3, 13.3. */
import { isName, normaliseName } from "../iscsi/name.ts";
import { hostAndPort, parseTargetAddress, type TargetAddress } from "../iscsi/portal_address.ts";
import { ProtocolError } from "../iscsi/protocol_error.ts";
import type { Pair } from "../wire/key_values.ts";
import { CommandFailure } from "./command.ts";
import { InitiatorError } from "./initiator_error.ts";
import { logIn, type LogInOptions } from "./log_in.ts";
import type { InitiatorNode } from "./node.ts";

export interface DiscoveredTarget {
  readonly name: string;
  readonly addresses: readonly TargetAddress[];
}

export type DiscoverOptions = Pick<
  LogInOptions,
  "portal" | "sourceAddress" | "authentication" | "headerDigest" | "dataDigest"
>;

export async function discover(
  node: InitiatorNode,
  options: DiscoverOptions,
): Promise<readonly DiscoveredTarget[]> {
  const { session, portal } = await logIn(node, { ...options, targetName: undefined });
  const callOff = node.clock.after(node.limits.discoveryTimeoutMs, () => {
    session.fail("the target does not answer SendTargets");
  });
  try {
    const pairs = await session.converse([["SendTargets", "All"]]);
    return readTargets(pairs, { ...portal, portalGroupTag: undefined });
  } catch (error) {
    if (!(error instanceof ProtocolError || error instanceof CommandFailure)) throw error;
    const where = hostAndPort(portal.host, portal.port);
    const next = "check the service there, and its log";
    throw new InitiatorError("failed", `discovery at ${where}: ${error.message}`, next);
  } finally {
    callOff();
    await session.logout();
  }
}

/**
 * Reads the answer to SendTargets: each TargetName, and behind it where it is. A target without an
 * address is where it was asked about. What is no name or no address is left out. RFC 7143 4.3.
 */
export function readTargets(
  pairs: readonly Pair[],
  asked: TargetAddress,
): readonly DiscoveredTarget[] {
  const targets = new Map<string, TargetAddress[]>();
  let addresses: TargetAddress[] | undefined;
  for (const [key, value] of pairs) {
    if (key === "TargetName") {
      addresses = isName(value) ? targets.get(normaliseName(value)) ?? [] : undefined;
      if (addresses !== undefined) targets.set(normaliseName(value), addresses);
    } else if (key === "TargetAddress") {
      const address = parseTargetAddress(value);
      if (address !== undefined) addresses?.push(address);
    }
  }
  return Array.from(targets, ([name, found]) => ({
    name,
    addresses: found.length > 0 ? found : [asked],
  }));
}
