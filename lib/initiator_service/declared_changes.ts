/** What commands make of what is declared; each answers a new state and leaves the old as it is. */
import { checkIscsiName } from "../config/iscsi_name.ts";
import { ControlError } from "../config/control_error.ts";
import { MOST_ISNS_SERVERS } from "../config/isns_servers.ts";
import type { PersistentChoice, PortalFacts } from "./control.ts";
import { isSamePortal, portalText } from "./host.ts";
import type {
  DeclaredDevice,
  DeclaredInitiator,
  DeclaredLogin,
  DeclaredPath,
  DeclaredPortal,
  DeclaredTarget,
} from "./schema.ts";

export function setName(state: DeclaredInitiator, name: string): DeclaredInitiator {
  return { ...state, name: checkIscsiName(name) };
}

export function addPortal(state: DeclaredInitiator, portal: DeclaredPortal): DeclaredInitiator {
  if (state.portals.some((each) => isSamePortal(each, portal))) {
    throw new ControlError(
      "in-use",
      `portal ${portalText(portal)} is there already`,
      `to give it other settings, first sanctl initiator portal remove ${portalText(portal)}`,
    );
  }
  return { ...state, portals: [...state.portals, portal] };
}

export function removePortal(state: DeclaredInitiator, portal: PortalFacts): DeclaredInitiator {
  const portals = state.portals.filter((each) => !isSamePortal(each, portal));
  if (portals.length === state.portals.length) throw noSuchPortal(portal);
  return { ...state, portals };
}

export function findPortal(state: DeclaredInitiator, portal: PortalFacts): DeclaredPortal {
  const found = state.portals.find((each) => isSamePortal(each, portal));
  if (found === undefined) throw noSuchPortal(portal);
  return found;
}

function noSuchPortal(portal: PortalFacts): ControlError {
  return new ControlError(
    "not-found",
    `there is no portal ${portalText(portal)}`,
    "see those that there are: sanctl initiator portal list",
  );
}

export function addIsnsServer(
  state: DeclaredInitiator,
  server: PortalFacts,
): DeclaredInitiator {
  const { isnsServers = [] } = state;
  if (isnsServers.some((each) => isSamePortal(each, server))) {
    throw new ControlError(
      "in-use",
      `iSNS server ${portalText(server)} is there already`,
      "to ask it now, sanctl initiator isns refresh",
    );
  }
  if (isnsServers.length === MOST_ISNS_SERVERS) {
    throw new ControlError(
      "failed",
      `there are ${MOST_ISNS_SERVERS} iSNS servers already, and no more are asked`,
      "first remove one that is not needed: sanctl initiator isns remove",
    );
  }
  return { ...state, isnsServers: [...isnsServers, { ...server }] };
}

export function removeIsnsServer(
  state: DeclaredInitiator,
  server: PortalFacts,
): DeclaredInitiator {
  const { isnsServers = [], ...rest } = state;
  const left = isnsServers.filter((each) => !isSamePortal(each, server));
  return left.length === 0 ? rest : { ...rest, isnsServers: left };
}

export function findIsnsServer(state: DeclaredInitiator, server: PortalFacts): PortalFacts {
  const found = state.isnsServers?.find((each) => isSamePortal(each, server));
  if (found !== undefined) return found;
  throw new ControlError(
    "not-found",
    `there is no iSNS server ${portalText(server)}`,
    "see those that there are: sanctl initiator isns list",
  );
}

/**
 * With `merge` what is known of it stays, and what is new is added. What was known for good stays
 * so, and becomes so.
 */
export function addTarget(
  state: DeclaredInitiator,
  target: DeclaredTarget,
  merge: boolean,
): DeclaredInitiator {
  const others = state.targets.filter(({ iqn }) => iqn !== target.iqn);
  const before = state.targets.find(({ iqn }) => iqn === target.iqn);
  const { untilRestart: _, ...known } = (merge ? before : undefined) ?? { portals: [] };
  const { untilRestart, ...added } = target;
  const isPassing = untilRestart && (before === undefined || before.untilRestart);
  const portals = [...known.portals];
  for (const portal of target.portals) {
    if (!portals.some((each) => isSamePortal(each, portal))) portals.push(portal);
  }
  const whole = { ...known, ...added, ...(isPassing ? { untilRestart: true } : {}), portals };
  return { ...state, targets: [...others, whole] };
}

/** Targets that were to be known until now are not. */
export function forgetPassing(state: DeclaredInitiator): DeclaredInitiator {
  if (!state.targets.some(({ untilRestart }) => untilRestart)) return state;
  return { ...state, targets: state.targets.filter(({ untilRestart }) => !untilRestart) };
}

export function removeTarget(state: DeclaredInitiator, iqn: string): DeclaredInitiator {
  const targets = state.targets.filter((each) => each.iqn !== iqn);
  if (targets.length < state.targets.length) return { ...state, targets };
  throw new ControlError(
    "not-found",
    `target ${iqn} was not added by hand`,
    "one that discovery finds goes with its portal: sanctl initiator portal remove",
  );
}

export function findLogin(state: DeclaredInitiator, target: string): DeclaredLogin | undefined {
  return state.logins.find((each) => each.target === target);
}

/** Records a login; one to the same target gives way to it. */
export function recordLogin(state: DeclaredInitiator, login: DeclaredLogin): DeclaredInitiator {
  const others = state.logins.filter(({ target }) => target !== login.target);
  return { ...state, logins: [...others, login] };
}

/** Forgets a persistent login, or one of its paths; the last path takes the login with it. */
export function removePersistent(
  state: DeclaredInitiator,
  { target, portal }: PersistentChoice,
): DeclaredInitiator {
  const login = findLogin(state, target);
  if (login === undefined) {
    throw new ControlError(
      "not-found",
      `there is no persistent login to ${target}`,
      "see those that there are: sanctl initiator persistent list",
    );
  }
  const paths = portal === undefined ? [] : withoutPath(login, portal);
  const others = state.logins.filter((each) => each !== login);
  const logins = paths.length === 0 ? others : [...others, { ...login, paths }];
  return { ...state, logins };
}

function withoutPath({ target, paths }: DeclaredLogin, portal: PortalFacts): DeclaredPath[] {
  const left = paths.filter((path) => !isSamePortal(path, portal));
  if (left.length < paths.length) return left;
  throw new ControlError(
    "not-found",
    `the persistent login to ${target} has no path to ${portalText(portal)}`,
    "see its paths: sanctl initiator persistent list",
  );
}

/** Which sessions are open, by their ISIDs, with the group of the portal that each is open in. */
export function recordOpen(
  state: DeclaredInitiator,
  open: ReadonlyMap<string, number | undefined>,
): DeclaredInitiator {
  const logins = state.logins.map((login) => ({
    ...login,
    paths: login.paths.map((path) => {
      if (!open.has(path.isid)) return path;
      const { openIn: _, ...rest } = path;
      const openIn = open.get(path.isid);
      return openIn === undefined ? rest : { ...rest, openIn };
    }),
  }));
  return { ...state, logins };
}

/** Changes what is declared of a device. */
export function changeDevice(
  state: DeclaredInitiator,
  device: DeclaredDevice,
): DeclaredInitiator {
  const others = state.devices.filter(({ identity }) => identity !== device.identity);
  return { ...state, devices: isDefault(device) ? others : [...others, device] };
}

/** Nothing of it needs to be remembered. */
function isDefault({ policy, weights, subset, preferred, attached, bound }: DeclaredDevice) {
  return policy === "fail-over-only" && weights === undefined && subset === undefined &&
    preferred === undefined && attached === undefined && !bound;
}
