/** Marks the snapshots of a disk as deleted that no rule keeps, and that nothing needs. */
import { keptBy, type Retention } from "../../snapshot/retention.ts";
import { ControlError } from "../control_error.ts";
import { findDisk } from "../operations/find.ts";
import type { Outcome } from "../operations/outcome.ts";
import type { DeclaredSnapshot, DeclaredState } from "../schema.ts";
import { deleteSnapshot } from "./delete_snapshot.ts";
import { chainOf } from "./find_snapshot.ts";

export interface PruneRules {
  readonly keep: Retention;
  /** Whose calendar days are; the machine's without. */
  readonly timeZone?: string | undefined;
  /** Only those that this schedule has taken. */
  readonly schedule?: string | undefined;
}

export interface Pruned {
  readonly outcome: Outcome;
  /** What was marked. */
  readonly names: readonly string[];
}

export function pruneSnapshots(state: DeclaredState, disk: string, rules: PruneRules): Pruned {
  const names: string[] = [];
  const notices: string[] = [];
  let pruned = state;
  for (const { name } of goingBy(state, disk, rules)) {
    try {
      pruned = deleteSnapshot(pruned, name).state;
      names.push(name);
    } catch (error) {
      if (!(error instanceof ControlError)) throw error;
      notices.push(`snapshot ${name} stays: ${error.message}`);
    }
  }
  return { outcome: { state: pruned, notices }, names };
}

/** Those that no rule keeps, oldest first; what the next backup begins from is not among them. */
function goingBy(
  state: DeclaredState,
  disk: string,
  { keep, timeZone, schedule }: PruneRules,
): DeclaredSnapshot[] {
  const candidates = chainOf(findDisk(state, disk)).snapshots.filter((each) =>
    !each.deleting && each.backup === undefined &&
    (schedule === undefined || each.schedule === schedule)
  );
  const items = candidates.map((snapshot) => ({
    snapshot,
    takenAt: new Date(snapshot.takenAt),
  }));
  const kept = keptBy(keep, items, timeZone);
  return items.filter((each) => !kept.has(each))
    .sort((one, other) => one.takenAt.getTime() - other.takenAt.getTime())
    .map(({ snapshot }) => snapshot);
}
