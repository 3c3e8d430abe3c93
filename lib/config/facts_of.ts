/** The facts of declared objects, as they are at this moment. */
import type { DiskFacts, LunFacts, StatusFacts, TargetFacts } from "./facts.ts";
import type { Observation } from "./observation.ts";
import { findDisk, findTarget } from "./operations/find.ts";
import type { DeclaredState } from "./schema.ts";
import { VERSION } from "./version.ts";

/** Problems that a status lists; past it only their number would grow. */
const MOST_PROBLEMS = 100;

export function targetFacts(state: DeclaredState, name: string, seen: Observation): TargetFacts {
  const { iqn, description, allow } = findTarget(state, name);
  const sessions = seen.sessionsOf(name);
  return {
    name,
    iqn,
    description,
    allow,
    state: !seen.running ? "stopped" : sessions > 0 ? "logged-in" : "idle",
    sessions,
    luns: lunsOf(state, name, seen),
    counters: seen.countersOf(name),
  };
}

function lunsOf(state: DeclaredState, target: string, seen: Observation): LunFacts[] {
  const luns: LunFacts[] = [];
  for (const { name, size, assignments } of state.disks) {
    const assignment = assignments.find((each) => each.target === target);
    if (assignment === undefined) continue;
    const { lun, readOnly } = assignment;
    const condition = seen.conditionOf(name);
    const actual = condition.size ?? size;
    luns.push({ lun, disk: name, size: actual, readOnly, state: condition.state });
  }
  return luns.sort((one, other) => one.lun - other.lun);
}

export function diskFacts(state: DeclaredState, name: string, seen: Observation): DiskFacts {
  const disk = findDisk(state, name);
  const condition = seen.conditionOf(name);
  return {
    name,
    path: disk.path ?? null,
    format: disk.format,
    uuid: disk.uuid,
    size: condition.size ?? disk.size,
    logicalBlockLength: disk.logicalBlockLength,
    physicalBlockLength: disk.physicalBlockLength,
    removable: disk.removable,
    shared: disk.shared,
    description: disk.description,
    state: condition.state,
    failure: condition.failure,
    assignments: disk.assignments,
  };
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
    targets: state.targets.length,
    disks: state.disks.length,
    sessions: state.targets.reduce((sum, { name }) => sum + seen.sessionsOf(name), 0),
    problems: problemsOf(state, seen),
  };
}

function problemsOf(state: DeclaredState, seen: Observation): string[] {
  const problems: string[] = [];
  for (const { name } of state.disks) {
    const { failure } = seen.conditionOf(name);
    if (failure !== null) problems.push(`disk ${name}: ${failure}`);
    if (problems.length === MOST_PROBLEMS) break;
  }
  return problems;
}
