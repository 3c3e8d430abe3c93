/** Who may log in to a target. */
import { ControlError } from "../control_error.ts";
import { ANY_INITIATOR, checkInitiatorIds, severalInitiators } from "../initiator_id.ts";
import type { DeclaredState } from "../schema.ts";
import { disksOf, findTarget, replaceTarget } from "./find.ts";
import type { Outcome } from "./outcome.ts";

/**
 * Adds identifiers. Two that write one disk without knowing of each other corrupt it: a second one
 * is refused while the target has a disk that is not declared shared.
 */
export function allow(state: DeclaredState, name: string, ids: readonly string[]): Outcome {
  const target = findTarget(state, name);
  const normalised = checkSomeIds(ids);
  const allowed = [...new Set([...target.allow, ...normalised])];
  const exclusive = disksOf(state, name).find((disk) =>
    !disk.shared && !disk.assignments.some((each) => each.target === name && each.readOnly)
  );
  const several = allowed.length > target.allow.length ? severalInitiators(allowed) : undefined;
  if (several !== undefined && exclusive !== undefined) {
    throw new ControlError(
      "in-use",
      `target ${name} would admit ${several}, and two that write its disk ${exclusive.name} corrupt it`,
      "take the other away with sanctl target deny, or, for a cluster that shares the disk, " +
        `first sanctl disk assign ${exclusive.name} ${name} --shared`,
    );
  }
  const notices = normalised.includes(ANY_INITIATOR)
    ? [`every initiator that reaches the server may log in to ${name}`]
    : [];
  return { state: replaceTarget(state, target, { ...target, allow: allowed }), notices };
}

/** Takes identifiers away, and with them the sessions of whoever nothing else admits. */
export function deny(state: DeclaredState, name: string, ids: readonly string[]): Outcome {
  const target = findTarget(state, name);
  const normalised = checkSomeIds(ids);
  const absent = normalised.find((id) => !target.allow.includes(id));
  if (absent !== undefined) {
    throw new ControlError(
      "not-found",
      `${absent} is not among those that target ${name} admits`,
      `sanctl target show ${name} lists them`,
    );
  }
  const kept = target.allow.filter((id) => !normalised.includes(id));
  return { state: replaceTarget(state, target, { ...target, allow: kept }), notices: [] };
}

function checkSomeIds(ids: readonly string[]): string[] {
  if (ids.length > 0) return checkInitiatorIds(ids);
  throw new ControlError("usage", "no initiator is named", "give one ID or more");
}
