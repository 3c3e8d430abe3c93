/** What the header of a Login Request says, and whether it may say so here. RFC 7143 11.12. */
import { type LoginRequest, LoginStage } from "../iscsi/pdu/login_request.ts";
import { LoginStatus } from "../iscsi/pdu/login_response.ts";
import type { View } from "../wire/layout.ts";
import { LoginRefusal } from "./login_refusal.ts";

export type LoginRequestView = View<typeof LoginRequest.fields>;

/** A copy that lasts when the buffer goes on. */
export interface LoginHeader {
  readonly transit: boolean;
  readonly continue: boolean;
  readonly currentStage: number;
  readonly nextStage: number;
  readonly versionMax: number;
  readonly versionMin: number;
  /** Six octets. */
  readonly isid: Uint8Array;
  readonly tsih: number;
  readonly initiatorTaskTag: number;
  readonly cid: number;
  readonly cmdSN: number;
}

/** The only version there is. RFC 7143 11.12.4. */
export const VERSION = 0;

/** RFC 7143 11.12.3: a stage → those that may follow it. */
const NEXT_STAGES: { readonly [stage: number]: readonly number[] } = {
  [LoginStage.SECURITY_NEGOTIATION]: [
    LoginStage.OPERATIONAL_NEGOTIATION,
    LoginStage.FULL_FEATURE_PHASE,
  ],
  [LoginStage.OPERATIONAL_NEGOTIATION]: [LoginStage.FULL_FEATURE_PHASE],
};

/** What all requests of one login have in common. RFC 7143 11.12.4 to 11.12.7, 11.2.1.8. */
const CONSTANT = ["versionMax", "versionMin", "tsih", "initiatorTaskTag", "cid"] as const;

export function readLoginHeader(request: LoginRequestView): LoginHeader {
  const { transit, currentStage, nextStage, versionMax, versionMin, tsih, cid, cmdSN } = request;
  return {
    transit,
    continue: request.continue,
    currentStage,
    nextStage,
    versionMax,
    versionMin,
    isid: request.isid.slice(),
    tsih,
    initiatorTaskTag: request.initiatorTaskTag,
    cid,
    cmdSN,
  };
}

/** What is wrong with a header, given the first of the login and the stage that was agreed on. */
export function headerFault(
  header: LoginHeader,
  first: LoginHeader,
  stage: number,
): LoginRefusal | undefined {
  if (header.versionMin > VERSION) {
    const reason = `version ${header.versionMin} at least is asked for; there is ${VERSION} only`;
    return new LoginRefusal(LoginStatus.UNSUPPORTED_VERSION, reason);
  }
  const changed = CONSTANT.find((name) => header[name] !== first[name]) ??
    (header.isid.some((octet, i) => octet !== first.isid[i]) ? "isid" : undefined);
  if (changed !== undefined) return invalid(`${changed} changed in the middle of login`);
  if (header.currentStage !== stage || NEXT_STAGES[stage] === undefined) {
    return invalid(`a request of stage ${header.currentStage} in stage ${stage}`);
  }
  if (!header.transit) return undefined;
  // 11.12.2: who has more to say is not ready to move on
  if (header.continue) return invalid("both the T and the C bit are set");
  if (NEXT_STAGES[stage].includes(header.nextStage)) return undefined;
  return invalid(`no way leads from stage ${stage} to stage ${header.nextStage}`);
}

function invalid(reason: string): LoginRefusal {
  return new LoginRefusal(LoginStatus.INVALID_DURING_LOGIN, reason);
}
