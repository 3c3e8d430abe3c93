/** The facts of the portals, as they are at this moment. */
import type { PortalFacts, PortalState, TargetPortalFacts } from "./facts.ts";
import type { Observation } from "./observation.ts";
import { DEFAULT_PORTAL_GROUP_TAG } from "../target/portal.ts";
import { declaredPortals, portalName, sessionsAt } from "./portals.ts";
import type { DeclaredState } from "./schema.ts";

/** Those that the command line named, if it did, and then the declared ones. */
export function portalFactsOf({ portals }: DeclaredState, seen: Observation): TargetPortalFacts[] {
  const { given, absent } = seen.portals();
  const sessions = seen.sessions();
  const inUse = given ?? declaredPortals(portals);
  const sessionsOf = (portal: PortalFacts): number =>
    sessionsAt(inUse, sessions, (found) => found === portal).length;
  const stateOf = (portal: PortalFacts): PortalState => {
    if (!seen.running) return "stopped";
    if (given !== undefined) return "unused";
    return absent.includes(portalName(portal)) ? "absent" : "listening";
  };
  const named = (given ?? []).map((portal): TargetPortalFacts => ({
    address: portal.address,
    port: portal.port,
    group: DEFAULT_PORTAL_GROUP_TAG,
    advertise: null,
    declared: false,
    state: "listening",
    sessions: sessionsOf(portal),
  }));
  const others = given !== undefined && portals === undefined ? [] : declaredPortals(portals);
  return [
    ...named,
    ...others.map((portal) => ({
      ...portal,
      declared: portals !== undefined,
      state: stateOf(portal),
      sessions: sessionsOf(portal),
    })),
  ];
}
