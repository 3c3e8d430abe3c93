/**
 * Ends sessions in order: their initiators are asked to log out (RFC 7143 11.9.1, event 1), and who
 * has not done so in time is told that it is dropped (event 3), and is.
 */
import { within } from "../runtime/within.ts";
import { logoutRequested } from "./announcement.ts";
import type { TargetNode } from "./node.ts";
import type { Session } from "./session.ts";

export interface EndOptions {
  /** What initiators have to log out; zero drops them at once. */
  readonly waitMs: number;
  /** For the log. */
  readonly reason: string;
}

/**
 * Resolves when they have ended, or at last when a medium that does not answer keeps their commands
 * for too long; answers those that did not log out.
 */
export async function endSessions(
  node: TargetNode,
  sessions: Iterable<Session>,
  { waitMs, reason }: EndOptions,
): Promise<ReadonlySet<Session>> {
  const asked = [...sessions];
  const { clock, limits, logger } = node;
  for (const { initiatorName, target } of asked) {
    logger.info("a session is ended", { initiator: initiatorName, target: target?.name, reason });
  }
  if (waitMs > 0) {
    for (const session of asked) askToLogOut(session, waitMs);
    await within(clock, waitMs, asked.map(({ over }) => over));
  }
  const dropped = new Set(asked.filter(({ isEnding }) => !isEnding));
  for (const session of dropped) session.drop(reason);
  if (await within(clock, limits.logoutDeadlineMs, asked.map(({ over }) => over))) return dropped;
  for (const { initiatorName, tasks } of asked) {
    if (tasks.size === 0) continue;
    logger.warn("commands did not end in time", { initiator: initiatorName, count: tasks.size });
  }
  return dropped;
}

/** RFC 7143 11.9.1: asked for on each connection, with the seconds it has. */
function askToLogOut(session: Session, waitMs: number): void {
  for (const connection of [...session.connections.values()]) {
    connection.announce(logoutRequested(Math.ceil(waitMs / 1000)));
  }
}
