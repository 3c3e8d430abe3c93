/** Marks a snapshot as deleted; merging it away is the work of others. */
import { ControlError } from "../control_error.ts";
import type { Outcome } from "../operations/outcome.ts";
import type { DeclaredState } from "../schema.ts";
import { type Child, childrenOf, findSnapshot, requireKept, withChain } from "./find_snapshot.ts";
import { othersOver } from "./lineage.ts";

export function deleteSnapshot(state: DeclaredState, name: string): Outcome {
  const found = findSnapshot(state, name);
  requireKept(found);
  const { disk, snapshot } = found;
  const [other] = othersOver(state, disk, snapshot.path);
  if (other !== undefined) {
    const next = `sanctl snapshot detach it, or disk remove ${other.name}, first`;
    throw new ControlError("in-use", `disk ${other.name} needs snapshot ${name}`, next);
  }
  const children = childrenOf(state, snapshot.path);
  if (children.length > 1) {
    const list = children.map(nameOfChild).join(" and ");
    const next = "delete all but one of those first";
    throw new ControlError("in-use", `snapshot ${name} is what ${list} began from`, next);
  }
  const changed = withChain(state, disk.uuid, (chain) => ({
    ...chain,
    snapshots: chain.snapshots.map((each) =>
      each === snapshot ? { ...each, deleting: true as const } : each
    ),
  }));
  return { state: changed, notices: [] };
}

function nameOfChild({ disk, snapshot }: Child): string {
  return snapshot === undefined ? `disk ${disk.name}` : `snapshot ${snapshot.name}`;
}
