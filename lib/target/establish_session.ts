/**
 * The end of a login: a new session, one in the place of an old one (RFC 7143 6.3.5), or one more
 * connection for a session (RFC 7143 6.3.4 where it replaces one). Called only when the initiator
 * has proved who it is, so that nobody ends a session who could not have begun it.
 */
import type { SessionParameters } from "../iscsi/parameters.ts";
import { LoginStatus } from "../iscsi/pdu/login_response.ts";
import type { Endpoint } from "./endpoint.ts";
import type { AuthenticationPolicy } from "./authentication.ts";
import { admit, type LoginClaim } from "./login_admission.ts";
import type { LoginHeader } from "./login_header.ts";
import { LoginRefusal } from "./login_refusal.ts";
import type { TargetNode } from "./node.ts";
import { Session } from "./session.ts";
import type { SessionNexus } from "./session_registry.ts";
import type { Target } from "./target.ts";

/** A login that has come to its end. */
export interface LoginRecord {
  readonly header: LoginHeader;
  readonly claim: LoginClaim;
  readonly target: Target | undefined;
  /** What was to be proved. */
  readonly authentication: AuthenticationPolicy;
  readonly endpoint: Endpoint;
  readonly initiatorAlias: string;
  /** As whom the initiator authenticated itself, if it had to. */
  readonly identity: string | undefined;
  readonly parameters: SessionParameters;
}

export type Established = Session | LoginRefusal;

export function establishSession(
  node: TargetNode,
  login: LoginRecord,
): Established | Promise<Established> {
  // The operator may have changed things since the login began.
  const admission = admit(node, login.claim, login.endpoint);
  if (admission instanceof LoginRefusal) return admission;
  if (admission.target !== login.target) {
    const reason = "the target was replaced during login";
    return new LoginRefusal(LoginStatus.TARGET_REMOVED, reason, "changed");
  }
  if (admission.authentication !== login.authentication) {
    const reason = "what must be proved was changed during login";
    return new LoginRefusal(LoginStatus.AUTHENTICATION_FAILURE, reason, "changed");
  }
  if (node.hasStrayed(login.endpoint)) {
    const reason = "its portal went, or came into another portal group, during login";
    return new LoginRefusal(LoginStatus.SERVICE_UNAVAILABLE, reason, "changed");
  }
  if (login.header.tsih !== 0) return join(node, login);
  return node.sessions.find(nexusOf(login)) === undefined
    ? create(node, login)
    : reinstate(node, login);
}

/** Ends the session with the same nexus first: their tasks never exist side by side. */
async function reinstate(node: TargetNode, login: LoginRecord): Promise<Established> {
  for (;;) {
    // Another login of the same nexus may have come to its end while this one waited.
    const old = node.sessions.find(nexusOf(login));
    if (old === undefined) break;
    if (!isSameIdentity(node, old, login)) return foreign();
    await old.terminate("session reinstatement");
  }
  return establishSession(node, login);
}

function create(node: TargetNode, login: LoginRecord): Established {
  const { target, header, claim, endpoint } = login;
  const { sessionsOfTarget } = node.limits;
  if (node.sessions.isFull || (target !== undefined && target.sessions.size >= sessionsOfTarget)) {
    return new LoginRefusal(LoginStatus.OUT_OF_RESOURCES, "there are too many sessions", "full");
  }
  if (isFull(node)) return tooManyConnections();
  const session = new Session({
    target,
    initiatorName: claim.initiatorName,
    initiatorAlias: login.initiatorAlias,
    isid: header.isid,
    tsih: node.sessions.allocateTsih(),
    targetPortalGroupTag: endpoint.portalGroupTag,
    parameters: login.parameters,
    firstCmdSN: header.cmdSN,
    limits: node.limits,
    collected: node.collected,
    since: node.clock.now(),
    onEnded: (ended, reason) => {
      node.noteSessionEnd({ session: ended, remoteAddress: endpoint.remoteAddress, reason });
    },
  });
  node.sessions.add(session, login.identity);
  return session;
}

function join(node: TargetNode, login: LoginRecord): Established | Promise<Established> {
  const { cid } = login.header;
  const session = sessionToJoin(node, login);
  if (session instanceof LoginRefusal) return session;
  if (!isSameIdentity(node, session, login)) return foreign();
  if (session.uses(cid)) {
    const dropped = session.dropConnection(cid, "connection reinstatement");
    return dropped.then(() => establishSession(node, login));
  }
  const { maxConnections } = session.parameters;
  if (session.connections.size >= maxConnections) {
    const reason = `the session has its ${maxConnections} connections`;
    return new LoginRefusal(LoginStatus.TOO_MANY_CONNECTIONS, reason);
  }
  return isFull(node) ? tooManyConnections() : session;
}

function isFull({ sessions, limits }: TargetNode): boolean {
  return sessions.connectionCount >= limits.connections;
}

function tooManyConnections(): LoginRefusal {
  return new LoginRefusal(LoginStatus.OUT_OF_RESOURCES, "there are too many connections", "full");
}

/** The session that a non-zero TSIH names, if it is this initiator's with this target. */
export function sessionToJoin(
  node: TargetNode,
  login: Pick<LoginRecord, "header" | "claim" | "endpoint">,
): Session | LoginRefusal {
  const { initiatorName, isid, targetName, targetPortalGroupTag } = nexusOf(login);
  const session = node.sessions.get(login.header.tsih);
  if (
    session !== undefined && !session.isEnding && session.initiatorName === initiatorName &&
    session.target?.name === targetName && session.targetPortalGroupTag === targetPortalGroupTag &&
    session.isid.every((octet, i) => octet === isid[i])
  ) return session;
  const reason = `TSIH 0x${login.header.tsih.toString(16)} names no session of this initiator`;
  return new LoginRefusal(LoginStatus.SESSION_DOES_NOT_EXIST, reason, "changed");
}

function nexusOf({ header, claim, endpoint }: Pick<LoginRecord, "header" | "claim" | "endpoint">) {
  const nexus: SessionNexus = {
    initiatorName: claim.initiatorName,
    isid: header.isid,
    targetName: claim.targetName,
    targetPortalGroupTag: endpoint.portalGroupTag,
  };
  return nexus;
}

/**
 * A session from before anything had to be proved may be taken over by who has proved something.
 */
function isSameIdentity(node: TargetNode, session: Session, login: LoginRecord): boolean {
  const identity = node.sessions.identityOf(session);
  return identity === undefined || identity === login.identity;
}

function foreign(): LoginRefusal {
  return new LoginRefusal(
    LoginStatus.AUTHENTICATION_FAILURE,
    "the session belongs to another authenticated identity",
    "another's",
  );
}
