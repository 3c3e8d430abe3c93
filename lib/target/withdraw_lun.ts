/**
 * Takes a logical unit from behind a LUN while initiators use it: from then on there is no such
 * LUN. Commands that came before end as they would have, and are answered. An initiator that is
 * left without an answer takes that for a broken path, and ends up resetting the target and
 * dropping a session that has other LUNs too.
 */
import { within } from "../runtime/within.ts";
import type { Task } from "../scsi/task.ts";
import { endSessions } from "./end_sessions.ts";
import type { TargetNode } from "./node.ts";
import type { Session } from "./session.ts";
import type { Target } from "./target.ts";

/**
 * Resolves when no command of the target's initiators is left in the unit, which has let go of
 * them: whoever gets it next has it without them. A session whose commands do not end, because the
 * initiator withholds data or the medium does not answer, is dropped for it.
 */
export async function withdrawLun(node: TargetNode, target: Target, lun: number): Promise<void> {
  const unit = target.luns.get(lun)!.unit;
  target.luns.delete(lun);
  const sessions = new Map([...target.sessions].map((session) => [session.nexus, session]));
  const isOurs = ({ nexus }: Task): boolean => sessions.has(nexus);
  const left = unit.tasks.left(isOurs);
  if (!await within(node.clock, node.limits.withdrawMs, [left])) {
    const late = new Set<Session>();
    for (const task of unit.tasks) if (isOurs(task)) late.add(sessions.get(task.nexus)!);
    const reason = `LUN ${lun} was taken away, and its commands did not end`;
    await endSessions(node, late, { waitMs: 0, reason });
    await left;
  }
  for (const nexus of sessions.keys()) unit.detach(nexus);
}
