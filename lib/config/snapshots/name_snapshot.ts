/** What new snapshots are called. */
import { ControlError } from "../control_error.ts";
import { checkName, isName } from "../names.ts";
import type { DeclaredState } from "../schema.ts";
import { allSnapshots } from "./find_snapshot.ts";

/** The name that was asked for, or the disk's with the time: `mail-20261125-171500`. */
export function nameSnapshot(
  state: DeclaredState,
  disk: string,
  takenAt: Date,
  asked?: string,
): string {
  const taken = new Set(allSnapshots(state).map(({ snapshot }) => snapshot.name));
  if (asked !== undefined) {
    checkName("snapshot", asked);
    if (!taken.has(asked)) return asked;
    const next = "choose another with --name";
    throw new ControlError("in-use", `there is a snapshot ${asked} already`, next);
  }
  const [date, time] = takenAt.toISOString().replaceAll(/[-:]/g, "").split(/[T.]/);
  const name = `${disk.slice(0, 64 - 20)}-${date}-${time}`;
  for (let number = 1;; number++) {
    const candidate = number === 1 ? name : `${name}-${number}`;
    if (isName(candidate) && !taken.has(candidate)) return candidate;
  }
}
