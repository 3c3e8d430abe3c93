/** What is told of what is declared alone. */
import type {
  AuthenticationFacts,
  DiscoveryPortalFacts,
  InitiatorDeviceFacts,
  IsnsServerFacts,
  PersistentLoginFacts,
  PortalFacts,
} from "./facts.ts";
import type { DeclaredDevice, DeclaredLogin, DeclaredPortal } from "./schema.ts";

/** A portal that nobody has asked. */
export function undiscovered(portal: DeclaredPortal): DiscoveryPortalFacts {
  const { address, port, chap, headerDigest, dataDigest } = portal;
  return {
    ...{ address, port, chapUser: chap?.user ?? null, headerDigest, dataDigest },
    authentication: authenticationFacts(portal),
    ...{ targets: null, askedAt: null, error: null },
  };
}

/** A server that nobody has asked. */
export function unusedServer(
  { address, port }: PortalFacts,
  state: IsnsServerFacts["state"],
): IsnsServerFacts {
  return { address, port, state, notifies: false, targets: null, askedAt: null, error: null };
}

/** Who proves who is who, by what is declared of it. */
export function authenticationFacts(
  { chap, targetChap }: { readonly chap?: unknown; readonly targetChap?: unknown },
): AuthenticationFacts {
  if (chap === undefined) return "none";
  return targetChap === undefined ? "chap" : "mutual-chap";
}

export function persistentFacts(
  login: DeclaredLogin,
  /** What became of it where a service runs. */
  made: { readonly isLoggedIn: boolean; readonly trouble: string | undefined } | undefined,
): PersistentLoginFacts {
  const { target, paths, multipath, headerDigest, dataDigest, chap, targetChap } = login;
  return {
    ...{ target, multipath, headerDigest, dataDigest, connections: login.connections },
    authentication: authenticationFacts(login),
    type: login.informational ? "informational" : "data",
    maxConnections: login.maxConnections ?? null,
    defaultTime2Wait: login.defaultTime2Wait ?? null,
    defaultTime2Retain: login.defaultTime2Retain ?? null,
    paths: paths.map(({ address, port, sourceAddress }) => ({
      portal: { address, port },
      sourceAddress: sourceAddress ?? null,
    })),
    chapUser: chap?.user ?? null,
    targetChapUser: targetChap?.user ?? null,
    loggedIn: made?.isLoggedIn ?? false,
    error: made?.trouble ?? null,
  };
}

/** A device that is remembered, and no session has found since the service began. */
export function missingDeviceFacts(device: DeclaredDevice): InitiatorDeviceFacts {
  const { name, identity, policy, bound } = device;
  return {
    ...{ name, identity, policy, bound, target: "", lun: 0, state: "connecting" },
    ...{ size: null, blockLength: null, physicalBlockLength: null },
    ...{ vendor: "", product: "", serial: "", readOnly: false, thin: false },
    ...{ paths: [], attached: null, error: "no session leads to it" },
  };
}
