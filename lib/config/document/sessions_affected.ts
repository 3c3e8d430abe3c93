/** What a change of the declared state does to who is logged in, known before it is made. */
import type { SessionFacts, StepSessionFacts } from "../facts.ts";
import type { Observation } from "../observation.ts";
import { declaredPortals, sessionsWithout } from "../portals.ts";
import type { DeclaredState } from "../schema.ts";
import type { WholeTarget } from "./document.ts";

export interface StateChange {
  readonly before: DeclaredState;
  readonly after: DeclaredState;
  readonly observation: Observation;
}

/**
 * Sessions end where their target's iSCSI name goes, or what admits their initiator. They go on
 * without a LUN that is no longer the disk that it was.
 */
export function sessionsAffected(target: WholeTarget, change: StateChange): StepSessionFacts[] {
  const { before, after, observation } = change;
  if (observation.sessionsOf(target.name) === 0) return [];
  const open = observation.sessions(target.name);
  const successor = after.targets.find(({ iqn }) => iqn === target.iqn);
  if (successor === undefined) return open.map((session) => facts(session, "ends"));
  const outcasts = new Set(observation.outcasts(target.name, successor.allow));
  const wanted = unitsOf(after, successor.name);
  const isLess = [...unitsOf(before, target.name)].some(([lun, uuid]) => wanted.get(lun) !== uuid);
  return open.flatMap((session) => {
    if (outcasts.has(session.id)) return [facts(session, "ends")];
    return isLess ? [facts(session, "loses-disks")] : [];
  });
}

/** Sessions end too where the portal goes that they came to. */
export function sessionsStrayed(
  { after, observation }: Omit<StateChange, "before">,
): StepSessionFacts[] {
  const lost = sessionsWithout(declaredPortals(after.portals), observation.portalSessions());
  return lost.map((session) => facts(session, "ends"));
}

function facts(
  { id, initiator, connections }: SessionFacts,
  effect: StepSessionFacts["effect"],
): StepSessionFacts {
  return { effect, id, initiator, from: connections.map(({ peer }) => peer) };
}

/** The disks behind the target's LUNs, by their UUIDs, which outlive their names. */
function unitsOf({ disks }: DeclaredState, target: string): Map<number, string> {
  const units = disks.flatMap(({ uuid, assignments }) =>
    assignments.filter((each) => each.target === target).map(({ lun }) => [lun, uuid] as const)
  );
  return new Map(units);
}
