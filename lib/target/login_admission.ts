/**
 * Who wants to log in to what, and whether they may ask at all. RFC 7143 6.3, 13.4, 13.5, 13.21. A
 * target that does not exist and one that is not for the asker look the same from outside.
 */
import type { SessionType } from "../iscsi/keys.ts";
import { isName, normaliseName } from "../iscsi/name.ts";
import { LoginStatus } from "../iscsi/pdu/login_response.ts";
import type { Pair } from "../wire/key_values.ts";
import type { AuthenticationPolicy } from "./authentication.ts";
import type { Endpoint } from "./endpoint.ts";
import { LoginRefusal } from "./login_refusal.ts";
import type { TargetNode } from "./node.ts";
import { plainAddress } from "./portal.ts";
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
    return { target: undefined, authentication: node.discoveryAuthentication };
  }
  const target = node.findTarget(claim.targetName);
  if (target === undefined) {
    return new LoginRefusal(LoginStatus.NOT_FOUND, "there is no target of this name");
  }
  const request = accessRequest(claim.initiatorName, endpoint);
  if (target.access.admits(request)) return { target, authentication: target.authentication };
  return new LoginRefusal(LoginStatus.NOT_FOUND, target.access.explain(request));
}

/** How access lists and authentication policies see who asks. */
export function accessRequest(initiatorName: string, endpoint: Endpoint): {
  readonly initiatorName: string;
  readonly address: string;
} {
  return { initiatorName, address: plainAddress(endpoint.remoteAddress) };
}
