/** A target's side of the negotiation of text keys, in one line a case. */
import assert from "node:assert/strict";
import type { Policy } from "../../lib/iscsi/keys.ts";
import {
  atStage,
  beginNegotiation,
  negotiate,
  type Negotiated,
  type Negotiation,
} from "../../lib/iscsi/negotiation.ts";
import { SESSION_DEFAULTS } from "../../lib/iscsi/parameters.ts";
import { LoginStage } from "../../lib/iscsi/pdu/login_request.ts";
import { LoginStatus } from "../../lib/iscsi/pdu/login_response.ts";
import type { Pair } from "../../lib/wire/key_values.ts";

/** What the target of these tests wishes for. */
export const POLICY: Policy = {
  ...SESSION_DEFAULTS,
  headerDigest: ["CRC32C", "None"],
  dataDigest: ["CRC32C", "None"],
  maxRecvDataSegmentLength: 262144,
  maxConnections: 8,
  initialR2T: false,
  immediateData: true,
  maxBurstLength: 1 << 20,
  firstBurstLength: 262144,
  maxOutstandingR2T: 8,
  defaultTime2Wait: 2,
  defaultTime2Retain: 0,
  errorRecoveryLevel: 0,
  taskReporting: ["ResponseFence", "RFC3720"],
  protocolLevel: 1,
};

/** "A=1 B=2" as pairs. */
export function pairsOf(text: string): Pair[] {
  return text.split(" ").filter((item) => item !== "").map((item): Pair => {
    const at = item.indexOf("=");
    return [item.slice(0, at), item.slice(at + 1)];
  });
}

/** A target that has said nothing yet. */
export const target = atStage(beginNegotiation("target"), LoginStage.OPERATIONAL_NEGOTIATION);
/** After a first text, behind which nothing more is declared. */
export const declared = negotiate(target, [], POLICY).negotiation;
/** Before authentication. */
export const security = beginNegotiation("target");

/** Pairs as "A=1 B=2". */
export function textOf(pairs: readonly Pair[]): string {
  return pairs.map(([key, value]) => `${key}=${value}`).join(" ");
}

/** What a target in operational stage answers. */
export function answer(offer: string, policy: Partial<Policy> = {}, from = declared): string {
  const negotiated = negotiate(from, pairsOf(offer), { ...POLICY, ...policy });
  assert.equal(negotiated.error, undefined, `${offer}: ${negotiated.error?.message}`);
  return textOf(negotiated.answers);
}

/** Where the negotiation stands after that. */
export function after(offer: string, policy: Partial<Policy> = {}, from = declared): Negotiation {
  const negotiated = negotiate(from, pairsOf(offer), { ...POLICY, ...policy });
  assert.equal(negotiated.error, undefined, `${offer}: ${negotiated.error?.message}`);
  return negotiated.negotiation;
}

/** What comes of an offer that fails the login. */
export function failure(offer: string, from = declared): Negotiated {
  const negotiated = negotiate(from, pairsOf(offer), POLICY);
  assert.equal(negotiated.error?.status, LoginStatus.INITIATOR_ERROR, offer);
  return negotiated;
}
