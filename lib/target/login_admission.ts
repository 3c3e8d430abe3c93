/**
 * Who wants to log in to what, and whether they may ask at all. RFC 7143 6.3, 13.4, 13.5, 13.21. A
 * target that does not exist and one that is not for the asker look the same from outside.
 */
import type { SessionType } from "../iscsi/keys.ts";
import { isName, normaliseName } from "../iscsi/name.ts";
import { LoginStatus } from "../iscsi/pdu/login_response.ts";
import type { Pair } from "../wire/key_values.ts";
import type { Question } from "../net/witness.ts";
import type { AccessRequest } from "./access_list.ts";
import type { AuthenticationPolicy } from "./authentication.ts";
import type { Endpoint } from "./endpoint.ts";
import { LoginRefusal } from "./login_refusal.ts";
import type { TargetNode } from "./node.ts";
import { plainAddress } from "./portal.ts";
import type { Session } from "./session.ts";
import type { Target } from "./target.ts";

/** What the first text of a login must say. */
export interface LoginClaim {
  /** Normalised. */
  readonly initiatorName: string;
  readonly sessionType: SessionType;
  /** Normalised; undefined for discovery. */
  readonly targetName: string | undefined;
}

/** The asker may go on to prove who it is. */
export interface Admission {
  /** Undefined for discovery. */
  readonly target: Target | undefined;
  readonly authentication: AuthenticationPolicy;
  /** The entry of the target's access list; undefined for discovery. */
  readonly rule: string | undefined;
}

/** Reads who wants what from the first text. */
export function readClaim(pairs: readonly Pair[]): LoginClaim | LoginRefusal {
  const values = new Map(pairs);
  const initiatorName = readName(values, "InitiatorName");
  if (initiatorName instanceof LoginRefusal) return initiatorName;
  const sessionType = values.get("SessionType") ?? "Normal";
  if (sessionType === "Discovery") return { initiatorName, sessionType, targetName: undefined };
  if (sessionType !== "Normal") {
    const reason = `there is no session type ${sessionType}`;
    return new LoginRefusal(LoginStatus.SESSION_TYPE_NOT_SUPPORTED, reason);
  }
  const targetName = readName(values, "TargetName");
  if (targetName instanceof LoginRefusal) return targetName;
  return { initiatorName, sessionType, targetName };
}

function readName(values: ReadonlyMap<string, string>, key: string): string | LoginRefusal {
  const name = values.get(key);
  if (name === undefined) {
    return new LoginRefusal(LoginStatus.MISSING_PARAMETER, `${key} is missing`);
  }
  if (isName(name)) return normaliseName(name);
  return new LoginRefusal(LoginStatus.INITIATOR_ERROR, `${key}=${name} is no iSCSI name`);
}

/** Finds the target, if the asker is to know of it. */
export function admit(
  node: TargetNode,
  claim: LoginClaim,
  endpoint: Endpoint,
): Admission | LoginRefusal {
  if (claim.targetName === undefined) {
    const authentication = node.discoveryAuthentication;
    return { target: undefined, authentication, rule: undefined };
  }
  const target = node.findTarget(claim.targetName);
  if (target === undefined) {
    return new LoginRefusal(LoginStatus.NOT_FOUND, "there is no target of this name", "no-target");
  }
  const request = accessRequest(claim.initiatorName, endpoint);
  const { access, authentication } = target;
  const rule = access.admitting(request, node.witness);
  // RFC 7143 11.13.5: an initiator that is told so comes again.
  if (rule !== undefined && target.unavailable !== undefined) {
    return new LoginRefusal(LoginStatus.SERVICE_UNAVAILABLE, target.unavailable, "attached");
  }
  if (rule !== undefined) return { target, authentication, rule };
  const reason = access.explain(request, node.witness);
  return new LoginRefusal(LoginStatus.NOT_FOUND, reason, "not-admitted");
}

/**
 * As `admit`, once what it takes to judge is known. Whoever is refused has waited for all that any
 * target asks, so that the time it takes does not tell which targets there are.
 */
export function admitOnceKnown(
  node: TargetNode,
  claim: LoginClaim,
  endpoint: Endpoint,
): Admission | LoginRefusal | Promise<Admission | LoginRefusal> {
  const target = node.findTarget(claim.targetName ?? "");
  const request = accessRequest(claim.initiatorName, endpoint);
  const finding = target && node.witness.find(target.access.questions(request));
  if (finding !== undefined) {
    return finding.then(() => admitOrFindAll(node, claim, endpoint));
  }
  return admitOrFindAll(node, claim, endpoint);
}

function admitOrFindAll(node: TargetNode, claim: LoginClaim, endpoint: Endpoint) {
  const admission = admit(node, claim, endpoint);
  if (!(admission instanceof LoginRefusal)) return admission;
  const questions = allQuestions(node, accessRequest(claim.initiatorName, endpoint));
  const finding = node.witness.find(questions);
  return finding === undefined ? admission : finding.then(() => {
    const late = admit(node, claim, endpoint);
    if (!(late instanceof LoginRefusal) || !node.witness.isUnanswered(questions)) return late;
    // RFC 7143 11.13.5: an initiator that is told so comes again.
    return new LoginRefusal(LoginStatus.SERVICE_UNAVAILABLE, late.reason, "unanswered");
  });
}

/** Finds out what it takes to say which targets a discovery session is told of. */
export function findForDiscovery(
  node: TargetNode,
  { isDiscovery, initiatorName }: Pick<Session, "isDiscovery" | "initiatorName">,
  endpoint: Endpoint,
): Promise<void> | undefined {
  if (!isDiscovery) return undefined;
  return node.witness.find(allQuestions(node, accessRequest(initiatorName, endpoint)));
}

function allQuestions(node: TargetNode, request: AccessRequest): readonly Question[] {
  return [...node.targets.values()].flatMap(({ access }) => access.questions(request));
}

/** How access lists and authentication policies see who asks. */
export function accessRequest(initiatorName: string, endpoint: Endpoint): AccessRequest {
  return { initiatorName, address: plainAddress(endpoint.remoteAddress) };
}
