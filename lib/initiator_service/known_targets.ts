/** Targets that may be logged in to, from whoever told of them. */
import type { DiscoveredTarget } from "../initiator/discover.ts";
import type { KnownTargetFacts } from "./facts.ts";
import { isSamePortal, portalText } from "./host.ts";
import type { DeclaredInitiator, DeclaredPortal } from "./schema.ts";

/** What somebody told of, who is no portal. */
export interface DiscoverySource {
  /** As facts name it. */
  readonly foundBy: string;
  readonly targets: readonly DiscoveredTarget[];
}

export interface KnownTargetsOptions {
  readonly state: DeclaredInitiator;
  /** Name servers, with what they show. */
  readonly nameServers: readonly DiscoverySource[];
  readonly targetsOf: (portal: DeclaredPortal) => readonly DiscoveredTarget[];
  /** Sessions that are open with a target. */
  readonly sessionsWith: (target: string) => number;
  /** Targets that are logged in to, known or not. */
  readonly loggedIn: readonly string[];
  /** What a target that is logged in to calls itself. */
  readonly aliasOf?: (target: string) => string;
}

type KnownPortal = KnownTargetFacts["portals"][number];

/** Ascending by name. */
export function knownTargets(options: KnownTargetsOptions): readonly KnownTargetFacts[] {
  const { state, nameServers, targetsOf, sessionsWith, loggedIn, aliasOf = () => "" } = options;
  const portals = new Map<string, KnownPortal[]>();
  const known = (iqn: string): KnownPortal[] => {
    const list = portals.get(iqn) ?? [];
    portals.set(iqn, list);
    return list;
  };
  for (const { iqn, portals: given } of state.targets) {
    const list = known(iqn);
    for (const portal of given) add(list, { ...portal, portalGroup: null, foundBy: "static" });
  }
  const asked = state.portals.map((portal) => ({
    foundBy: portalText(portal),
    targets: targetsOf(portal),
  }));
  for (const { foundBy, targets } of [...asked, ...nameServers]) {
    for (const { name, addresses } of targets) {
      for (const { host: address, port, portalGroupTag } of addresses) {
        add(known(name), { address, port, portalGroup: portalGroupTag ?? null, foundBy });
      }
    }
  }
  for (const { target, paths } of state.logins) {
    for (const { address, port } of paths) {
      add(known(target), { address, port, portalGroup: null, foundBy: "login" });
    }
  }
  const persistent = state.logins.map(({ target }) => target);
  for (const iqn of [...persistent, ...loggedIn]) known(iqn);
  const isShown = (iqn: string): boolean =>
    !state.targets.some((each) => each.iqn === iqn && each.hidden) ||
    loggedIn.includes(iqn) || persistent.includes(iqn) ||
    portals.get(iqn)!.some(({ foundBy }) => foundBy !== "static");
  return [...portals].filter(([iqn]) => isShown(iqn)).map(([iqn, list]) => ({
    iqn,
    alias: aliasOf(iqn) || (state.targets.find((each) => each.iqn === iqn)?.alias ?? ""),
    portals: list,
    state: loggedIn.includes(iqn)
      ? "logged-in" as const
      : persistent.includes(iqn)
      ? "persistent" as const
      : "known" as const,
    sessions: sessionsWith(iqn),
  })).sort((a, b) => a.iqn < b.iqn ? -1 : 1);
}

function add(list: KnownPortal[], portal: KnownPortal): void {
  if (!list.some((each) => isSamePortal(each, portal))) list.push(portal);
}
