import type { EndedSession, SessionFacts } from "../../lib/config/facts.ts";
import { chooseSessions } from "../../lib/config/operations/choose_sessions.ts";
import type { Context } from "../context.ts";
import type { TargetDisconnectFlags } from "../routes/target.ts";

export default async function (
  this: Context,
  { target, all, wait, yes }: TargetDisconnectFlags,
  ...ids: string[]
): Promise<void> {
  const choice = { ids: ids.length > 0 ? ids : undefined, target, all };
  const control = await this.control();
  const meant = chooseSessions(await control.sessions(target), choice);
  if (meant.length > 0) await this.confirm(lossOf(meant), yes);
  const changed = await control.disconnect(choice, { waitSeconds: wait });
  this.output.changed(changed, (ended) => ended.map(sentence).join("\n"));
}

function lossOf(sessions: readonly SessionFacts[]): string {
  const [first, ...others] = sessions;
  const who = others.length === 0
    ? `the session of ${first!.initiator} with target ${first!.target} is`
    : `${sessions.length} sessions are`;
  return `${who} ended; what is in use of the disks is cut off until the initiator logs in again`;
}

function sentence({ id, initiator, target, loggedOut }: EndedSession): string {
  const how = loggedOut ? "logged out" : "was dropped";
  return `session ${id} of ${initiator} with target ${target} ${how}`;
}
