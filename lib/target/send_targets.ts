/**
 * What SendTargets tells: targets and the addresses where they are found. RFC 7143 13.3, 4.3,
 * 13.8.
 */
import { isName, normaliseName } from "../iscsi/name.ts";
import type { Pair } from "../wire/key_values.ts";
import type { Endpoint } from "./endpoint.ts";
import { accessRequest } from "./login_admission.ts";
import type { TargetNode } from "./node.ts";
import { targetAddresses } from "./portal.ts";
import type { Session } from "./session.ts";
import type { Target } from "./target.ts";

/** Where the question comes from. */
export interface DiscoveryRequest {
  readonly node: TargetNode;
  readonly session: Session;
  readonly endpoint: Endpoint;
}

/** The answer to `SendTargets=value`; undefined if the value is none that the key can have here. */
export function sendTargets(request: DiscoveryRequest, value: string): Iterable<Pair> | undefined {
  const { node, session } = request;
  if (value === "All") {
    // 13.3: for discovery sessions only. Elsewhere nothing is told; iscsi-test-cu wants no error.
    return session.isDiscovery ? describe(request, node.targets.values()) : [];
  }
  if (value === "") return session.target && describe(request, [session.target]);
  if (!isName(value)) return undefined;
  const target = node.findTarget(normaliseName(value));
  return describe(request, target === undefined ? [] : [target]);
}

/** Names the targets that the asker may log in to; those of others do not exist for it. */
function* describe(request: DiscoveryRequest, targets: Iterable<Target>): Generator<Pair> {
  const { node, session, endpoint } = request;
  const asker = accessRequest(session.initiatorName, endpoint);
  for (const target of targets) {
    if (!target.access.admits(asker, node.witness)) continue;
    yield ["TargetName", target.name];
    for (const address of targetAddresses(node.portals, endpoint)) yield ["TargetAddress", address];
  }
}
