/** Whether those who are logged in could log in again as things are now. */
import type { Witness } from "../net/witness.ts";
import type { AccessList, AccessRequest } from "./access_list.ts";
import type { Connection } from "./connection.ts";
import { accessRequest } from "./login_admission.ts";
import type { TargetNode } from "./node.ts";
import type { Session } from "./session.ts";
import type { Target } from "./target.ts";

/** Open sessions of whom the target does not admit any more, once that is known. */
export async function findOutcasts(node: TargetNode, target: Target): Promise<Session[]> {
  const { access, openSessions } = target;
  const doubtful = openSessions.flatMap((session) => requestsInDoubt(session, access));
  await node.witness.find(doubtful.flatMap((request) => access.questions(request)));
  return outcastsAmong(target.openSessions, access, node.witness);
}

/** Those that the list does not admit, as far as it is known who they are. */
export function outcastsAmong(
  sessions: readonly Session[],
  access: AccessList,
  witness: Witness,
): Session[] {
  return sessions.filter((session) =>
    requestsInDoubt(session, access).some((request) => !access.admits(request, witness))
  );
}

/** Connections whose rule is gone: while it is there, who was let in by it stays. */
function requestsInDoubt(session: Session, access: AccessList): AccessRequest[] {
  const isInDoubt = ({ rule }: Connection): boolean => rule === undefined || !access.has(rule);
  return [...session.connections.values()].filter(isInDoubt)
    .map(({ endpoint }) => accessRequest(session.initiatorName, endpoint));
}
