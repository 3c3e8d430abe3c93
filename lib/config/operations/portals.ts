/** Where initiators can come to. */
import type { Force, NewPortal, PortalChanges } from "../control.ts";
import { ControlError } from "../control_error.ts";
import type { PortalFacts, SessionFacts } from "../facts.ts";
import {
  checkAdvertised,
  checkGroup,
  checkPort,
  checkPortalAddress,
  declaredPortals,
  portalName,
  sessionsWithout,
} from "../portals.ts";
import type { DeclaredPortal, DeclaredState } from "../schema.ts";
import { DEFAULT_PORTAL_GROUP_TAG } from "../../target/portal.ts";
import { type Outcome, sessionCount } from "./outcome.ts";
import { checkRoom } from "./set_limits.ts";

/** Who is logged in through which portal. */
export interface PortalUsage {
  /** Sessions that a change of what is declared could cut off. */
  portalSessions(): readonly SessionFacts[];
}

/** Sessions that an error names; of more only their number is told. */
const MOST_NAMED = 5;

export function addPortal(
  state: DeclaredState,
  asked: NewPortal,
  { force }: Force,
  usage: PortalUsage,
): Outcome {
  const portal = {
    address: checkPortalAddress(asked.address),
    port: checkPort(asked.port),
    group: checkGroup(asked.group ?? DEFAULT_PORTAL_GROUP_TAG),
    advertise: asked.advertise === undefined ? null : checkAdvertised(asked.advertise),
  };
  const present = state.portals ?? [];
  checkIsFree(present, portal);
  checkRoom(state, "portals");
  const only = `${portalName(portal)} alone is declared now, no longer every address`;
  const notices = state.portals === undefined ? [only] : [];
  return changed(state, [...present, portal], { force, usage, notices });
}

export function removePortal(
  state: DeclaredState,
  place: PortalFacts,
  { force }: Force,
  usage: PortalUsage,
): Outcome {
  const portal = findPortal(state, place);
  const left = state.portals!.filter((each) => each !== portal);
  const again = "no portal is declared any more: without one it is every address, port 3260";
  const notices = left.length === 0 ? [again] : [];
  return changed(state, left, { force, usage, notices });
}

export function setPortal(
  state: DeclaredState,
  place: PortalFacts,
  { address, port, group, advertise, force }: PortalChanges & Force,
  usage: PortalUsage,
): Outcome {
  const portal = findPortal(state, place);
  const set = {
    address: address === undefined ? portal.address : checkPortalAddress(address),
    port: port === undefined ? portal.port : checkPort(port),
    group: group === undefined ? portal.group : checkGroup(group),
    advertise: typeof advertise === "string" ? checkAdvertised(advertise) : portal.advertise,
  };
  if (advertise === null) set.advertise = null;
  const others = state.portals!.filter((each) => each !== portal);
  checkIsFree(others, set);
  const portals = state.portals!.map((each) => each === portal ? set : each);
  return changed(state, portals, { force, usage, notices: [] });
}

/** The declared portal at a place, which may be written otherwise. */
export function findPortal(state: DeclaredState, place: PortalFacts): DeclaredPortal {
  const address = checkPortalAddress(place.address);
  const portal = state.portals?.find((each) =>
    each.address === address && each.port === place.port
  );
  if (portal !== undefined) return portal;
  throw new ControlError(
    "not-found",
    `there is no portal ${portalName({ address, port: place.port })} declared`,
    state.portals === undefined
      ? "none is: the service listens at every address; sanctl target portal add declares one"
      : "sanctl target portal list shows those there are",
  );
}

function checkIsFree(portals: readonly DeclaredPortal[], portal: PortalFacts): void {
  if (portals.every((each) => portalName(each) !== portalName(portal))) return;
  throw new ControlError(
    "in-use",
    `there is a portal ${portalName(portal)} already`,
    `sanctl target portal set ${portalName(portal)} changes it`,
  );
}

interface Change extends Force {
  readonly usage: PortalUsage;
  readonly notices: readonly string[];
}

/** Refused where it cuts sessions off, unless that is forced. */
function changed(
  state: DeclaredState,
  portals: DeclaredPortal[],
  { force, usage, notices }: Change,
): Outcome {
  const { portals: _, ...rest } = state;
  const next: DeclaredState = portals.length === 0 ? rest : { ...rest, portals };
  const lost = sessionsWithout(declaredPortals(next.portals), usage.portalSessions());
  if (lost.length > 0 && !force) {
    throw new ControlError(
      "in-use",
      `${sessionCount(lost.length)} came to a portal that goes: ${named(lost)}`,
      "log the initiators out first, or add --force: their sessions are ended",
    );
  }
  const ended = lost.map(({ id, initiator }) => `session ${id} of ${initiator} is ended`);
  return { state: next, notices: [...notices, ...ended] };
}

function named(sessions: readonly SessionFacts[]): string {
  const texts = sessions.slice(0, MOST_NAMED).map(({ id, initiator, connections }) =>
    `${id} (${initiator} at ${connections.map(({ portal }) => portal).join(" ")})`
  );
  const more = sessions.length - texts.length;
  return [...texts, ...more > 0 ? [`${more} more`] : []].join(", ");
}
