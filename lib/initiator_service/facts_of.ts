/** What is told of what is declared alone. */
import type {
  DiscoveryPortalFacts,
  InitiatorDeviceFacts,
  IsnsServerFacts,
  PersistentLoginFacts,
  PortalFacts,
} from "./facts.ts";
import type { RunningInitiator } from "./running_initiator.ts";
import type { DeclaredDevice, DeclaredLogin, DeclaredPortal } from "./schema.ts";

/** A portal that nobody has asked. */
export function undiscovered({ address, port, chap }: DeclaredPortal): DiscoveryPortalFacts {
  return {
    ...{ address, port, chapUser: chap?.user ?? null },
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

export function persistentFacts(
  login: DeclaredLogin,
  running: RunningInitiator | undefined,
): PersistentLoginFacts {
  const { target, paths, multipath, headerDigest, dataDigest, chap, targetChap } = login;
  return {
    ...{ target, multipath, headerDigest, dataDigest },
    paths: paths.map(({ address, port, sourceAddress }) => ({
      portal: { address, port },
      sourceAddress: sourceAddress ?? null,
    })),
    chapUser: chap?.user ?? null,
    targetChapUser: targetChap?.user ?? null,
    loggedIn: running?.login(target)?.isLoggedIn ?? false,
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
