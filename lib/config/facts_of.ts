/** The facts of declared objects, as they are at this moment. */
import type {
  AuthenticationFacts,
  DiskAttachmentFacts,
  DiskFacts,
  LimitFacts,
  LunFacts,
  StatusFacts,
  TargetFacts,
  VisitorFacts,
} from "./facts.ts";
import { isnsServerName } from "./isns_servers.ts";
import { LIMIT_NAMES, type LimitName, limitOf, limitRow } from "./limits.ts";
import type { Observation } from "./observation.ts";
import { findDisk, findTarget } from "./operations/find.ts";
import type {
  DeclaredAuthentication,
  DeclaredDisk,
  DeclaredState,
  DeclaredTarget,
} from "./schema.ts";
import { VERSION } from "./version.ts";
import type { Visitor } from "./visitors/visitor.ts";

/** Problems that a status lists; past it only their number would grow. */
const MOST_PROBLEMS = 100;

export function targetFacts(state: DeclaredState, name: string, seen: Observation): TargetFacts {
  return factsOfTarget(findTarget(state, name), state.disks, seen);
}

/** All limits, with how much of each is used where that is counted. */
export function limitFacts(state: DeclaredState, seen: Observation): LimitFacts[] {
  const sessions = state.targets.map(({ name }) => seen.sessionsOf(name));
  const used: { readonly [Name in LimitName]?: number } = {
    targets: state.targets.length,
    disks: state.disks.length,
    portals: seen.service().portals.length,
    // Of the target that has most.
    sessionsOfTarget: Math.max(0, ...sessions),
  };
  return LIMIT_NAMES.map((name) => {
    const { about, unit, standard, least, most } = limitRow(name);
    const value = limitOf(state, name);
    return { name, about, unit, value, standard, least, most, used: used[name] ?? null };
  });
}

/** Who came by, with what the operator calls the targets. */
export function visitorFacts(state: DeclaredState, visitors: readonly Visitor[]): VisitorFacts[] {
  const names = new Map(state.targets.map(({ iqn, name }) => [iqn, name]));
  return visitors.map(({ initiator, address, target, refusal, firstSeen, lastSeen, visits }) => ({
    initiator,
    address,
    target: target === undefined ? null : names.get(target) ?? target,
    admitted: refusal === undefined,
    reason: refusal ?? null,
    firstSeen: new Date(firstSeen).toISOString(),
    lastSeen: new Date(lastSeen).toISOString(),
    visits,
  }));
}

/** The facts of all targets, in one pass over the disks. */
export function allTargetFacts(state: DeclaredState, seen: Observation): TargetFacts[] {
  const disks = new Map<string, DeclaredDisk[]>(state.targets.map(({ name }) => [name, []]));
  for (const disk of state.disks) {
    for (const { target } of disk.assignments) disks.get(target)!.push(disk);
  }
  return state.targets.map((target) => factsOfTarget(target, disks.get(target.name)!, seen));
}

function factsOfTarget(
  target: DeclaredTarget,
  disks: readonly DeclaredDisk[],
  seen: Observation,
): TargetFacts {
  const { name, iqn, description, allow } = target;
  const sessions = seen.sessionsOf(name);
  return {
    name,
    iqn,
    description,
    allow,
    ...authenticationFacts(target),
    state: !seen.running ? "stopped" : sessions > 0 ? "logged-in" : "idle",
    sessions,
    luns: disks.flatMap((disk) => lunFacts(disk, name, seen)).sort((a, b) => a.lun - b.lun),
    counters: seen.countersOf(name),
  };
}

export function authenticationFacts(
  { chap, reverseChap }: DeclaredAuthentication,
): AuthenticationFacts {
  return {
    chap: chap === undefined ? null : { user: chap.user, algorithms: chap.algorithms },
    reverseChap: reverseChap === undefined ? null : { user: reverseChap.user },
  };
}

function lunFacts(disk: DeclaredDisk, target: string, seen: Observation): LunFacts[] {
  const assignment = disk.assignments.find((each) => each.target === target);
  if (assignment === undefined) return [];
  const { lun, readOnly } = assignment;
  const { state, size } = seen.conditionOf(disk.name);
  return [{ lun, disk: disk.name, size: size ?? disk.size, readOnly, state }];
}

export function diskFacts(state: DeclaredState, name: string, seen: Observation): DiskFacts {
  return factsOfDisk(findDisk(state, name), seen);
}

export function factsOfDisk(disk: DeclaredDisk, seen: Observation): DiskFacts {
  const condition = seen.conditionOf(disk.name);
  return {
    name: disk.name,
    path: disk.path ?? null,
    format: disk.format,
    type: disk.format === "vhd" ? disk.type ?? "fixed" : null,
    parent: disk.parent ?? null,
    uuid: disk.uuid,
    size: condition.size ?? disk.size,
    allocated: null,
    logicalBlockLength: disk.logicalBlockLength,
    physicalBlockLength: disk.physicalBlockLength,
    sparse: disk.sparse,
    removable: disk.removable,
    shared: disk.shared,
    description: disk.description,
    state: condition.state,
    failure: condition.failure,
    assignments: disk.assignments,
    attached: attachmentFacts(disk, seen),
    counters: condition.counters,
  };
}

function attachmentFacts(
  { uuid, attached }: DeclaredDisk,
  seen: Observation,
): DiskAttachmentFacts | null {
  if (attached === undefined) return null;
  const { readOnly } = attached;
  const { attachment } = seen.attachmentOf(uuid);
  if (attachment === undefined) {
    return { readOnly, way: null, url: null, path: null, clients: 0, mounts: [] };
  }
  const { way, url, path, clients, mounts } = attachment;
  return { readOnly, way, url, path, clients, mounts };
}

export function statusFacts(
  state: DeclaredState,
  stateDirectory: string,
  seen: Observation,
): StatusFacts {
  return {
    running: seen.running,
    version: VERSION,
    stateDirectory,
    ...seen.service(),
    discovery: authenticationFacts(state.discovery ?? {}),
    isns: isnsFacts(state, seen),
    targets: state.targets.length,
    disks: state.disks.length,
    attached: state.disks.filter(({ attached }) => attached !== undefined).length,
    sessions: state.targets.reduce((sum, { name }) => sum + seen.sessionsOf(name), 0),
    problems: problemsOf(state, seen),
  };
}

export function isnsFacts({ isnsServers = [] }: DeclaredState, seen: Observation) {
  return isnsServers.map((server) => seen.isns(server));
}

function problemsOf(state: DeclaredState, seen: Observation): string[] {
  const portals = seen.portals().absent.map((name) =>
    `portal ${name}: it cannot listen; it is tried again every ten seconds`
  );
  const servers = isnsFacts(state, seen).flatMap((server) =>
    server.error === null
      ? []
      : [`iSNS server ${isnsServerName(server)}: ${server.error}; it is tried again`]
  );
  const disks = state.disks.flatMap(({ name, uuid }) => {
    const failure = seen.conditionOf(name).failure ?? seen.attachmentOf(uuid).failure;
    return failure === undefined ? [] : [`disk ${name}: ${failure}`];
  });
  return [...portals, ...servers, ...disks, ...seen.troubles()].slice(0, MOST_PROBLEMS);
}
